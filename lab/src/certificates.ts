import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { must } from "./exec.ts";
import { kubeconfigPath, pkiDirectory } from "./paths.ts";
import { addressesOf, controlAddress, type Host } from "./plan.ts";

/** The port of the API server in berth-control, and of the relay to it on the machine's loopback. */
export const apiPort = 6443;
export const relayPort = 16443;

const file = (name: string): string => join(pkiDirectory, name);

/** Makes the certificate authority, the key for service account tokens and the certificates of the control plane; keeps what is there. */
export function ensureCertificates(): void {
  mkdirSync(pkiDirectory, { recursive: true, mode: 0o700 });
  if (!existsSync(file("ca.crt"))) {
    const subject = "/CN=berth-lab";
    must([
      "openssl",
      "req",
      "-x509",
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:prime256v1",
      "-nodes",
      "-days",
      "3650",
      "-subj",
      subject,
      "-keyout",
      file("ca.key"),
      "-out",
      file("ca.crt"),
    ]);
  }
  if (!existsSync(file("sa.key"))) must(["openssl", "genrsa", "-out", file("sa.key"), "2048"]);
  const names = ["localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc"].map((name) => `DNS:${name}`);
  const addresses = ["127.0.0.1", controlAddress, "fd00:30::2", "10.96.0.1"].map((address) => `IP:${address}`);
  ensureCertificate("apiserver", "/CN=kube-apiserver", [...names, ...addresses].join(","));
  ensureCertificate("kubelet-client", "/O=system:masters/CN=kube-apiserver-kubelet-client");
  ensureCertificate("admin", "/O=system:masters/CN=berth-lab-admin");
  ensureCertificate("controller-manager", "/CN=system:kube-controller-manager");
  ensureCertificate("scheduler", "/CN=system:kube-scheduler");
  ensureCertificate("proxy", "/CN=system:kube-proxy");
  writeKubeconfig(kubeconfigPath, "admin", `https://127.0.0.1:${relayPort}`);
  for (const user of ["controller-manager", "scheduler", "proxy"])
    writeKubeconfig(file(`${user}.kubeconfig`), user, `https://${controlAddress}:${apiPort}`);
}

/** The certificate with which a node's kubelet speaks to the API server and serves logs and exec, and its kubeconfig. */
export function ensureNodeCertificate(node: Host): {
  readonly certificate: string;
  readonly key: string;
  readonly kubeconfig: string;
} {
  const { ipv4, ipv6 } = addressesOf(node);
  ensureCertificate(node.name, `/O=system:nodes/CN=system:node:${node.name}`, `DNS:${node.name},IP:${ipv4},IP:${ipv6}`);
  const kubeconfig = file(`${node.name}.kubeconfig`);
  writeKubeconfig(kubeconfig, node.name, `https://${controlAddress}:${apiPort}`);
  return { certificate: file(`${node.name}.crt`), key: file(`${node.name}.key`), kubeconfig };
}

function ensureCertificate(name: string, subject: string, alternatives?: string): void {
  if (existsSync(file(`${name}.crt`))) return;
  const extensions = [
    "keyUsage=digitalSignature,keyEncipherment",
    "extendedKeyUsage=clientAuth,serverAuth",
    ...(alternatives === undefined ? [] : [`subjectAltName=${alternatives}`]),
  ];
  writeFileSync(file(`${name}.ext`), `${extensions.join("\n")}\n`);
  const request = must([
    "openssl",
    "req",
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:prime256v1",
    "-nodes",
    "-subj",
    subject,
    "-keyout",
    file(`${name}.key`),
  ]);
  const signed = [
    "openssl",
    "x509",
    "-req",
    "-days",
    "3650",
    "-CA",
    file("ca.crt"),
    "-CAkey",
    file("ca.key"),
    "-CAcreateserial",
    "-extfile",
    file(`${name}.ext`),
  ];
  writeFileSync(file(`${name}.crt`), must(signed, { input: request }));
}

function writeKubeconfig(path: string, user: string, server: string): void {
  const base64 = (name: string): string => readFileSync(file(name)).toString("base64");
  const config = {
    apiVersion: "v1",
    kind: "Config",
    "current-context": "berth-lab",
    clusters: [{ name: "berth-lab", cluster: { server, "certificate-authority-data": base64("ca.crt") } }],
    users: [{ name: user, user: { "client-certificate-data": base64(`${user}.crt`), "client-key-data": base64(`${user}.key`) } }],
    contexts: [{ name: "berth-lab", context: { cluster: "berth-lab", user } }],
  };
  writeFileSync(path, `${JSON.stringify(config, null, 2)}\n`, { mode: 0o600 });
}
