/**
 * What this node knows of the chain's end, in a file outside the database: without it, whoever cuts off the last
 * lines together with their seals and signatures leaves a chain that is shorter and otherwise in order.
 */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { headMacOf } from '#/governance/audit/line.ts'
import type { Digester, Head } from '#/governance/audit/line.ts'

export type Anchor = {
  /** Null where nothing was sealed here yet. Throws when the file is not one that was written with this key. */
  read(): Head | null
  write(head: Head): void
}

type Written = { readonly position: number; readonly hash: string; readonly mac: string }

/** `folder` is the node's data folder. */
export function createAnchor(folder: string, digester: Digester): Anchor {
  const file = join(folder, 'audit-head.json')
  return {
    read() {
      if (!existsSync(file)) return null
      const { position, hash, mac } = JSON.parse(readFileSync(file, 'utf8')) as Written
      const head = { position, hash: Buffer.from(hash, 'hex') }
      if (headMacOf(digester, head).toString('hex') === mac) return head
      throw new Error(`${file} was not written with this installation's key`)
    },
    write(head) {
      const mac = headMacOf(digester, head).toString('hex')
      const text = JSON.stringify({ position: head.position, hash: head.hash.toString('hex'), mac })
      // Whole or not at all; a crash in between leaves an older end, which the chain passes through as well.
      writeFileSync(`${file}.new`, `${text}\n`, { mode: 0o600 })
      renameSync(`${file}.new`, file)
    },
  }
}
