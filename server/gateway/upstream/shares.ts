/**
 * Keeps one partner from taking every connection to an upstream. Whoever reads slowly holds a connection for a
 * minute, and 256 such readers were all it took to keep every other partner waiting for an answer.
 */

export type Shares = {
  /** Calls `go` now, or when an earlier call of this partner has left. False from `go`: nobody wants it any more. */
  enter(partnerId: string, go: () => boolean): void
  /** Once for each that went. */
  leave(partnerId: string): void
}

type Share = {
  open: number
  waiting: (() => boolean)[]
  /** Those before it went already: taking the first out of a long list each time would be quadratic. */
  first: number
}

/** `most`: calls of one partner at a time; the others wait, within their total time. */
export function createShares(most: number): Shares {
  // One entry a partner that ever called; they are not so many that forgetting them would be worth it.
  const shares = new Map<string, Share>()
  return {
    enter(partnerId, go) {
      let share = shares.get(partnerId)
      if (share === undefined) shares.set(partnerId, (share = { open: 0, waiting: [], first: 0 }))
      if (share.open >= most) share.waiting.push(go)
      else run(share, go)
    },
    leave(partnerId) {
      const share = shares.get(partnerId)!
      share.open--
      while (share.open < most && share.first < share.waiting.length) {
        run(share, share.waiting[share.first++]!)
      }
      if (share.first === 0 || share.first * 2 < share.waiting.length) return
      share.waiting = share.waiting.slice(share.first)
      share.first = 0
    },
  }
}

/** Counted first: what it starts may have ended, and left, when it returns. */
function run(share: Share, go: () => boolean): void {
  share.open++
  if (!go()) share.open--
}
