/** Partners see their own agreements, as far as they were sent to them. */
import { Type } from 'typebox'
import { listAgreements } from '#/access/agreements/agreements.ts'
import { AgreementAnswer, createShow } from '#/access/agreements/shown.ts'
import type { Sealer } from '#/kernel/crypto/crypto.ts'
import { pageOf, pageQuery, pageQueryOf, partnerOperation } from '#/kernel/http/http.ts'
import type { PartnerOperation } from '#/kernel/http/http.ts'

export function agreementOperations({ sealer }: { readonly sealer: Sealer }): PartnerOperation[] {
  return [
    partnerOperation({
      id: 'listAgreements',
      method: 'GET',
      path: '/partner/agreements',
      summary: 'Your agreements, with their versions and terms',
      description: 'A version that is active or expiring counts in place of what your package says.',
      capability: 'partner-api',
      organisation: true,
      scopes: ['access:read'],
      permission: 'access:read',
      query: Type.Object(pageQuery),
      status: 200,
      response: Type.Object({
        data: Type.Array(AgreementAnswer),
        nextCursor: Type.Union([Type.String(), Type.Null()], { description: 'Null on the last page.' }),
      }),
      async handle(tx, { partnerId, query }) {
        const bound = ['listAgreements', partnerId]
        const page = await pageOf(sealer, bound, pageQueryOf(query), (from) =>
          listAgreements(tx, partnerId, { sent: true }, from),
        )
        const show = await createShow(tx, sealer, partnerId, 'partner')
        return { status: 200, body: { ...page, data: page.data.map(show) } }
      },
    }),
  ]
}
