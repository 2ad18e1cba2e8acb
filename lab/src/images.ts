import { createHash } from "node:crypto";
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { attempt, LabError, must, progress } from "./exec.ts";
import { cacheDirectory, root } from "./paths.ts";
import { go } from "./setup/go.ts";

const imagesDirectory = join(cacheDirectory, "images");
const buildah = [
  "buildah",
  "--root",
  join(cacheDirectory, "buildah/root"),
  "--runroot",
  join(cacheDirectory, "buildah/run"),
  "--storage-driver",
  "vfs",
];

/** The lab's own images: programs of `lab/images`, each alone in an image. */
const programs = ["pause", "page"] as const;
const archiveOf = (program: string): string => join(imagesDirectory, `berth-lab-${program}.tar`);

/** Every archive that nodes are given when they start: the lab's own images, and what `npm run image` built. */
export function imageArchives(): string[] {
  return globSync(join(imagesDirectory, "*.tar")).sort();
}

/** Builds the lab's own images unless they are current. */
export function buildImages(): void {
  for (const program of programs) {
    const source = join(root, "lab/images", program);
    const digest = createHash("sha256")
      .update(readFileSync(join(source, "main.go")))
      .digest("hex");
    const stamp = `${archiveOf(program)}.sha256`;
    if (existsSync(archiveOf(program)) && existsSync(stamp) && readFileSync(stamp, "utf8") === digest) continue;
    progress(`building the image ${program} (some seconds)`);
    const context = join(imagesDirectory, program);
    mkdirSync(context, { recursive: true });
    must([go(), "build", "-C", source, "-trimpath", "-ldflags", "-s -w", "-o", join(context, program), "."], {
      env: { ...process.env, CGO_ENABLED: "0" },
    });
    writeFileSync(
      join(context, "Containerfile"),
      `FROM scratch\nCOPY ${program} /${program}\nUSER 65532:65532\nENTRYPOINT ["/${program}"]\n`,
    );
    const tag = `localhost/berth-lab/${program}:1`;
    must([...buildah, "build", "--isolation", "chroot", "--timestamp", "0", "--tag", tag, context]);
    rmSync(archiveOf(program), { force: true });
    must([...buildah, "push", "--quiet", tag, `oci-archive:${archiveOf(program)}:${tag}`]);
    writeFileSync(stamp, digest);
  }
}

/** The archive of an image that `npm run image` or buildah on this machine made, by its tag. @throws LabError when there is none */
export function archiveFor(tag: string): string {
  const built = join(imagesDirectory, `${tag.replace(/^.*\//, "").replace(/[^\w.-]/g, "-")}.tar`);
  if (existsSync(built)) return built;
  const archive = join(imagesDirectory, "loaded.tar");
  rmSync(archive, { force: true });
  const { code, stderr } = attempt(["buildah", "push", "--quiet", tag, `oci-archive:${archive}:${tag}`]);
  if (code !== 0) throw new LabError(`there is no file and no image called ${tag}: ${stderr.trim()}`);
  return archive;
}
