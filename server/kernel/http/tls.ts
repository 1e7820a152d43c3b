/** The certificate of a port: taken over when its files change, and a word to those who speak plain HTTP to it. */
import { readFileSync, unwatchFile, watchFile } from 'node:fs'
import type { Server } from 'node:https'
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { brokenAnswer } from '#/kernel/http/broken.ts'
import { NotTls } from '#/kernel/http/problems.ts'

/** Paths of a certificate chain and of its private key, both PEM. */
export type CertificateFiles = { readonly cert: string; readonly key: string }

export function readPair(files: CertificateFiles): { cert: Buffer; key: Buffer } {
  return { cert: readFileSync(files.cert), key: readFileSync(files.key) }
}

/** Polls both files (a mounted secret changes by a link, which a watch misses); open connections keep the old pair. */
export function reloadOnChange(
  server: Server,
  files: CertificateFiles,
  told: (error: Error | null) => void,
): void {
  const reload = () => {
    try {
      server.setSecureContext(readPair(files))
      told(null)
    } catch (error) {
      // Half of a new pair, or a broken file: the old pair stays until both fit.
      told(error as Error)
    }
  }
  for (const file of [files.cert, files.key]) watchFile(file, { interval: 1000, persistent: false }, reload)
  server.once('close', () => {
    for (const file of [files.cert, files.key]) unwatchFile(file, reload)
  })
}

/** Plain HTTP on a port of TLS is answered in plain HTTP, once; everything else that is no TLS is cut off. */
export function answerPlainHttp(server: Server, base: () => string): void {
  // TLS owns the connection by then and gives up, but what is written beside it still leaves before it closes.
  const beneath = new Map<string, Socket>()
  const name = (socket: Socket) => `${socket.remoteAddress} ${socket.remotePort}`
  server.on('connection', (socket: Socket) => {
    const mine = name(socket)
    beneath.set(mine, socket)
    socket.once('close', () => beneath.delete(mine))
  })
  server.on('tlsClientError', (error: NodeJS.ErrnoException, socket: TLSSocket) => {
    if (error.code === 'ERR_SSL_HTTP_REQUEST') beneath.get(name(socket))?.write(brokenAnswer(NotTls, base()))
  })
}
