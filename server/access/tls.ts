/** A certificate and its key, from files, tried before anything starts. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';

export type Pair =
  | { readonly ok: true; readonly cert: Buffer; readonly key: Buffer }
  /** One line for a person. */
  | { readonly ok: false; readonly message: string };

export function readPair(certFile: string, keyFile: string): Pair {
  const cert = read(certFile);
  if (cert === null) return { ok: false, message: `TLS_CERT_FILE=${certFile} cannot be read` };
  const key = read(keyFile);
  if (key === null) return { ok: false, message: `TLS_KEY_FILE=${keyFile} cannot be read` };
  try {
    createSecureContext({ cert, key });
    // A key of another kind than the certificate's is found unfit only as someone connects.
    if (!new X509Certificate(cert).checkPrivateKey(createPrivateKey(key)))
      throw new Error('the key is not that of the certificate');
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const message = `TLS_CERT_FILE=${certFile} and TLS_KEY_FILE=${keyFile} cannot be used together: ${why}`;
    return { ok: false, message };
  }
  return { ok: true, cert, key };
}

function read(file: string): Buffer | null {
  try {
    return readFileSync(file);
  } catch {
    return null;
  }
}
