/** The answer to a leak: whoever finds a partner's key in the open has it ended by its text or its fingerprint. */
import { Type } from 'typebox'
import { revokeLeaked } from '#/identity/keys/keys.ts'
import { route } from '#/kernel/http/http.ts'
import type { Route } from '#/kernel/http/http.ts'
import { publicId } from '#/kernel/id/id.ts'

const Fingerprint = Type.String({
  pattern: '^[0-9a-fA-F]{64}$',
  description: "SHA-256 of the key's text, in hexadecimal.",
})

export function keyRoutes(): Route[] {
  return [
    route({
      method: 'POST',
      path: '/v1/keys/leaked',
      permission: 'keys:write',
      action: 'keys.leaked',
      summary: 'Ends a key that has leaked, whoever owns it, and tells its partner',
      body: Type.Union([
        Type.Object({ fingerprint: Fingerprint }, { additionalProperties: false }),
        Type.Object({ key: Type.String({ minLength: 1, maxLength: 200 }) }, { additionalProperties: false }),
      ]),
      answer: {
        status: 200,
        schema: Type.Object({
          keyId: Type.String(),
          partnerId: Type.String(),
          revokedAt: Type.String({ format: 'date-time' }),
        }),
      },
      handle: async ({ body, transact }) => {
        const found = 'key' in body ? { text: body.key } : { fingerprint: body.fingerprint.toLowerCase() }
        const key = await transact((tx) => revokeLeaked(tx, found, 'leaked'))
        return {
          status: 200,
          body: {
            keyId: publicId('key', key.id),
            partnerId: publicId('ptn', key.partnerId),
            revokedAt: key.revokedAt?.toISOString(),
          },
        }
      },
    }),
  ]
}
