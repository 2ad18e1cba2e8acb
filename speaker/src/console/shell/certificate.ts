// The library below needs it, and does not bring it.
import "reflect-metadata";
import { webcrypto } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { SubjectAlternativeNameExtension, X509CertificateGenerator } from "@peculiar/x509";

/** A certificate and its key, both PEM. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** Reads tls.crt and tls.key, as a Secret of type kubernetes.io/tls mounts them. @throws Error naming the file that cannot be read */
function readCertificate(directory: string): Certificate {
  return { cert: readFileSync(join(directory, "tls.crt"), "utf8"), key: readFileSync(join(directory, "tls.key"), "utf8") };
}

/** The certificate of a directory, or one that only proves itself. @throws Error naming the file that cannot be read */
export async function certificateOf(directory: string | undefined, names: readonly string[]): Promise<Certificate> {
  return directory === undefined ? makeCertificate(names) : readCertificate(directory);
}

/**
 * Makes a certificate that only proves itself, for as long as this process lives: traffic is encrypted, and a browser warns.
 * @param names DNS names that it is for
 */
async function makeCertificate(names: readonly string[]): Promise<Certificate> {
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const day = 86_400_000;
  const certificate = await X509CertificateGenerator.createSelfSigned(
    {
      name: "CN=berth",
      keys,
      signingAlgorithm: algorithm,
      notBefore: new Date(Date.now() - day),
      notAfter: new Date(Date.now() + 365 * day),
      extensions: [new SubjectAlternativeNameExtension(names.map((value) => ({ type: "dns", value })))],
    },
    webcrypto as unknown as Crypto,
  );
  const exported = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", keys.privateKey)).toString("base64");
  const key = `-----BEGIN PRIVATE KEY-----\n${exported.replace(/.{64}/g, "$&\n")}\n-----END PRIVATE KEY-----\n`;
  return { cert: certificate.toString("pem"), key };
}
