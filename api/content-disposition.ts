/**
 * Writes a Content-Disposition that names a file as it is called, in UTF-8 (RFC 8187, clause 3.2), and besides, for clients that do
 * not know that, in plain letters where those are given (RFC 6266, clause 4.3 and appendix D).
 */
export function contentDisposition(kind: 'inline' | 'attachment', name: string, plain: string | null = null): string {
  const encoded = `filename*=UTF-8''${encodeURIComponent(name).replace(/['()*]/g, escaped)}`;
  if (plain === null) return `${kind}; ${encoded}`;
  return name === plain ? `${kind}; filename="${plain}"` : `${kind}; filename="${plain}"; ${encoded}`;
}

/** RFC 8187 allows fewer characters than encodeURIComponent leaves. */
const escaped = (character: string): string => `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
