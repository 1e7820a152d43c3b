/** What the OpenID provider remembers, across the instances that follow each other when its keys change. */

type Payload = { uid?: string; grantId?: string; consumed?: number }

/** The adapter of `oidc-provider`, one for each kind of thing. */
export function createStore(): (kind: string) => object {
  const kept = new Map<string, Payload>()
  return (kind) => {
    const place = (id: string) => `${kind}:${id}`
    return {
      upsert: async (id: string, payload: Payload) => void kept.set(place(id), payload),
      find: async (id: string) => kept.get(place(id)),
      findByUid: async (uid: string) =>
        [...kept].find(([key, payload]) => key.startsWith(`${kind}:`) && payload.uid === uid)?.[1],
      findByUserCode: async () => undefined,
      consume: async (id: string) => {
        const found = kept.get(place(id))
        if (found) found.consumed = Math.floor(Date.now() / 1000)
      },
      destroy: async (id: string) => void kept.delete(place(id)),
      revokeByGrantId: async (grantId: string) => {
        for (const [key, payload] of kept) if (payload.grantId === grantId) kept.delete(key)
      },
    }
  }
}
