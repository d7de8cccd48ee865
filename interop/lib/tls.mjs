// A certificate that nobody vouches for.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { scratch } from "./postrider.mjs";

/** Key and self-signed certificate of 127.0.0.1, for a server of this test. */
export function selfSigned(t) {
  const dir = scratch(t);
  const [key, cert] = [join(dir, "key.pem"), join(dir, "cert.pem")];
  const subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"];
  const algorithm = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];
  execFileSync("openssl", ["req", "-x509", ...algorithm, "-keyout", key, "-out", cert, ...subject], { stdio: "pipe" });
  return { key: readFileSync(key), cert: readFileSync(cert) };
}
