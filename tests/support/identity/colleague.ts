/** Somebody of the provider who is a member of a partner as well; the header by which the guard of a test knows them. */
import { addMember, createPerson } from '#/identity/people/people.ts'
import { newId } from '#/kernel/id/id.ts'
import type { AdminApi } from './admin.ts'

export async function memberOf(api: AdminApi, partnerId: string): Promise<{ readonly operator: string }> {
  const { id } = await api.inTx(async (tx) => {
    const made = await createPerson(tx, api.sealer, { email: `${newId()}@example.com`, name: 'Both' })
    await addMember(tx, partnerId, made.id, 'developer')
    return made
  })
  return { operator: `partner-manager ${id} ${Date.now()}` }
}
