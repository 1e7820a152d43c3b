/**
 * What an answer says to a browser that opens it as a page. It stands under the same address as our own pages, whoever
 * wrote it: it is not framed, not guessed to be another type than it says, and no script in it runs.
 */
export const safeHeaders: readonly string[] = [
  'X-Content-Type-Options',
  'nosniff',
  'Content-Security-Policy',
  "default-src 'none'; frame-ancestors 'none'; sandbox",
]
