/** A certificate and its key, from files, tried before anything starts. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';

export type Pair =
  | { readonly ok: true; readonly cert: Buffer; readonly key: Buffer }
  /** One line for a person. */
  | { readonly ok: false; readonly message: string };

/** `names`: of the settings that name the files. */
export function readPair(
  certFile: string,
  keyFile: string,
  names: { readonly cert: string; readonly key: string },
): Pair {
  const cert = read(certFile);
  if (cert === null) return { ok: false, message: `${names.cert}=${certFile} cannot be read` };
  const key = read(keyFile);
  if (key === null) return { ok: false, message: `${names.key}=${keyFile} cannot be read` };
  try {
    createSecureContext({ cert, key });
    // A key of another kind than the certificate's is found unfit only as someone connects.
    if (!new X509Certificate(cert).checkPrivateKey(createPrivateKey(key)))
      throw new Error('the key is not that of the certificate');
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const message = `${names.cert}=${certFile} and ${names.key}=${keyFile} cannot be used together: ${why}`;
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
