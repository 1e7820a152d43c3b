/** The few calls the journal makes on files, as a value, so that a test can put a failing disk in their place. */
import { close, closeSync, fdatasync, fsyncSync, ftruncateSync, openSync, writeSync } from 'node:fs'

export type Files = {
  /** Makes a new file to append to; fails when it is there. */
  create(path: string): number
  /** May write less than asked, as write(2) does when a disk fills up. */
  write(fd: number, bytes: Buffer, from: number, length: number): number
  truncate(fd: number, length: number): void
  datasync(fd: number, done: (error: Error | null) => void): void
  close(fd: number): void
  /** Makes the names in a folder survive a power cut. */
  syncFolder(path: string): void
}

export const realFiles: Files = {
  create: (path) => openSync(path, 'ax', 0o600),
  write: (fd, bytes, from, length) => writeSync(fd, bytes, from, length, null),
  truncate: ftruncateSync,
  datasync: fdatasync,
  close: (fd) => close(fd),
  syncFolder(path) {
    const fd = openSync(path, 'r')
    try {
      fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
  },
}
