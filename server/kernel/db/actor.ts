/** Who acts. The kernel knows ids and, for row-level security, the partner somebody acts for. */
export type Actor =
  | { readonly kind: 'system'; readonly name: string }
  /** A person of the provider. */
  | { readonly kind: 'operator'; readonly id: string; readonly role: string }
  /** A service of the provider, by its service key. */
  | { readonly kind: 'service'; readonly id: string; readonly role: string }
  /** A person of a partner. */
  | { readonly kind: 'member'; readonly id: string; readonly partnerId: string; readonly role: string }
  /** An application of a partner, by its key. */
  | { readonly kind: 'application'; readonly id: string; readonly partnerId: string }

/** The partner whose rows the actor may touch; `*`: everyone's. */
export function partnerOf(actor: Actor): string {
  return 'partnerId' in actor ? actor.partnerId : '*'
}
