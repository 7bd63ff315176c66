import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

const algorithm = 'aes-256-gcm';
const nonceBytes = 12;
const tagBytes = 16;

/**
 * Makes what keeps secrets sealed at rest: AES-256-GCM under a key that follows from SECRET_KEY. `context` (a row's id, say) is
 * bound to what is sealed, so that it opens nowhere else.
 */
export function createSeal(secretKey: string) {
  const key = Buffer.from(hkdfSync('sha256', secretKey, '', 'qrfactory sealed secrets 1', 32));
  return {
    /** Returns base64url: a random nonce, the sealed text, and a tag that shows any change. */
    close(secret: string, context: string): string {
      const nonce = randomBytes(nonceBytes);
      const cipher = createCipheriv(algorithm, key, nonce).setAAD(Buffer.from(context));
      const sealed = Buffer.concat([nonce, cipher.update(secret, 'utf8'), cipher.final(), cipher.getAuthTag()]);
      return sealed.toString('base64url');
    },

    /** @throws Error when it was sealed under another key or context, or was changed */
    open(sealed: string, context: string): string {
      const bytes = Buffer.from(sealed, 'base64url');
      const decipher = createDecipheriv(algorithm, key, bytes.subarray(0, nonceBytes), { authTagLength: tagBytes });
      decipher.setAAD(Buffer.from(context)).setAuthTag(bytes.subarray(-tagBytes));
      const text = decipher.update(bytes.subarray(nonceBytes, -tagBytes));
      return Buffer.concat([text, decipher.final()]).toString('utf8');
    },
  };
}
