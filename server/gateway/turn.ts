/**
 * The turn of the event loop, in stages: all sockets that are ready are read, then what came is worked on, then the
 * upstreams are written to. So each stage finds its code, and the kernel's, in the caches, and an upstream that sleeps
 * is woken once for many requests. docs/decisions/0027-turns.md
 */

/** Something that waits for its stage. */
export type Due = { due(): void }

export type Turn = {
  /** Runs when everything that can be read has been read. */
  afterReads(this: void, due: Due): void
  /** Runs when what came in this turn has been worked on. */
  afterWork(this: void, due: Due): void
}

/** So many are worked on before what they sent leaves: the first of a long turn does not wait for the last. */
const mostAtOnce = 64

/** There is one event loop, so there is one turn. */
export const { afterReads, afterWork } = createTurn(setImmediate)

/** `later` calls back once, when all sockets that are ready have been read. */
export function createTurn(later: (run: () => void) => unknown): Turn {
  let work: Due[] = []
  let writes: Due[] = []
  let isScheduled = false

  function schedule(): void {
    if (isScheduled) return
    isScheduled = true
    later(run)
  }

  function run(): void {
    const now = work
    work = []
    let done = 0
    try {
      while (done < now.length) {
        now[done++]!.due()
        if (done % mostAtOnce === 0) write()
      }
      write()
    } finally {
      // Whoever threw does not take the others along.
      if (done < now.length) work = now.slice(done).concat(work)
      isScheduled = false
      if (work.length + writes.length > 0) schedule()
    }
  }

  function write(): void {
    const now = writes
    writes = []
    let done = 0
    try {
      while (done < now.length) now[done++]!.due()
    } finally {
      if (done < now.length) writes = now.slice(done).concat(writes)
    }
  }

  return {
    afterReads(due) {
      work.push(due)
      schedule()
    },
    afterWork(due) {
      writes.push(due)
      schedule()
    },
  }
}
