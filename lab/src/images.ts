import { createHash } from "node:crypto";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  globSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
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
/** Debian's nginx, for the image "gateway". */
const nginx = "/usr/sbin/nginx";
const archiveOf = (program: string): string => join(imagesDirectory, `berth-lab-${program}.tar`);

/** Every archive that nodes are given when they start: the lab's own images, and what `npm run image` built. */
export function imageArchives(): string[] {
  return globSync(join(imagesDirectory, "*.tar")).sort();
}

/** Builds the lab's own images unless they are current. */
export function buildImages(): void {
  for (const program of programs)
    buildImage(program, [join(root, "lab/images", program, "main.go")], (context) => compile(program, context));
  buildImage("gateway", [nginx, join(root, "lab/images/gateway/Containerfile")], gatherNginx);
}

/** Builds one image of the lab from the files it is made of, unless it was built from these very files. */
function buildImage(name: string, sources: readonly string[], prepare: (context: string) => void): void {
  const hash = createHash("sha256");
  for (const source of sources) hash.update(readFileSync(source));
  const digest = hash.digest("hex");
  const stamp = `${archiveOf(name)}.sha256`;
  if (existsSync(archiveOf(name)) && existsSync(stamp) && readFileSync(stamp, "utf8") === digest) return;
  progress(`building the image ${name} (some seconds)`);
  const context = join(imagesDirectory, name);
  mkdirSync(context, { recursive: true });
  prepare(context);
  const tag = `localhost/berth-lab/${name}:1`;
  must([...buildah, "build", "--isolation", "chroot", "--timestamp", "0", "--tag", tag, context]);
  rmSync(archiveOf(name), { force: true });
  must([...buildah, "push", "--quiet", tag, `oci-archive:${archiveOf(name)}:${tag}`]);
  writeFileSync(stamp, digest);
}

/** A Go program, alone in its image. */
function compile(program: string, context: string): void {
  const source = join(root, "lab/images", program);
  must([go(), "build", "-C", source, "-trimpath", "-ldflags", "-s -w", "-o", join(context, program), "."], {
    env: { ...process.env, CGO_ENABLED: "0" },
  });
  writeFileSync(
    join(context, "Containerfile"),
    `FROM scratch\nCOPY ${program} /${program}\nUSER 65532:65532\nENTRYPOINT ["/${program}"]\n`,
  );
}

/** Debian's nginx and the libraries it asks for, as the root file system of its image. */
function gatherNginx(context: string): void {
  const target = join(context, "rootfs");
  rmSync(target, { recursive: true, force: true });
  const libraries = [...must(["ldd", nginx]).matchAll(/(?:=>\s*)?(\/\S+)\s+\(0x/g)].flatMap(([, library]) => library ?? []);
  for (const file of [nginx, ...libraries]) {
    mkdirSync(dirname(join(target, file)), { recursive: true });
    copyFileSync(realpathSync(file), join(target, file));
    chmodSync(join(target, file), statSync(file).mode & 0o777);
  }
  for (const directory of ["tmp", "var/lib/nginx", "var/log/nginx"]) {
    mkdirSync(join(target, directory), { recursive: true });
    chmodSync(join(target, directory), 0o1777);
  }
  mkdirSync(join(target, "etc"), { recursive: true });
  writeFileSync(join(target, "etc/passwd"), "nginx:x:65532:65532::/:/sbin/nologin\n");
  writeFileSync(join(target, "etc/group"), "nginx:x:65532:\n");
  copyFileSync(join(root, "lab/images/gateway/Containerfile"), join(context, "Containerfile"));
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
