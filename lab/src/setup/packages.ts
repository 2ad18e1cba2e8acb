import { attempt, LabError, progress } from "../exec.ts";

/** Debian packages that the lab and its tests use. */
const packages = [
  "containerd",
  "runc",
  "containernetworking-plugins",
  "buildah",
  "crun",
  "binutils",
  "frr",
  "bird2",
  "gobgpd",
  "openbgpd",
  "exabgp",
  "iproute2",
  "nftables",
  "iptables",
  "conntrack",
  "procps",
  "util-linux",
  "openssl",
  "socat",
  "tcpdump",
  "iputils-arping",
  "iputils-ping",
  "ndisc6",
  "curl",
  "nginx-light",
  "chromium",
  "prometheus",
  "zsh",
  "fish",
  "ca-certificates",
  "git",
] as const;

/** Installs what is missing of the Debian packages; starts no service on the machine. @throws LabError when apt-get fails */
export function ensurePackages(): void {
  const missing = packages.filter((name) => !isInstalled(name));
  if (missing.length > 0) install(missing);
}

/** Installs Debian packages. RUNLEVEL=1 keeps their init scripts from starting anything. */
export function install(names: readonly string[]): void {
  progress(`installing Debian packages (about a minute): ${names.join(" ")}`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" };
  const command = ["apt-get", "install", "-y", "--no-install-recommends", ...names];
  if (attempt(command, { env }).code === 0) return;
  attempt(["apt-get", "update"], { env });
  const { code, stdout, stderr } = attempt(command, { env });
  if (code !== 0) throw new LabError(`apt-get could not install ${names.join(" ")}:\n${(stdout + stderr).trim().slice(-2000)}`);
}

function isInstalled(name: string): boolean {
  return attempt(["dpkg-query", "--show", `--showformat=\${Status}`, name]).stdout.includes("install ok installed");
}
