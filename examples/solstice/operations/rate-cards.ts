/** Rate cards, which are master data: list, get. */
import { type Answer, type Call, notFound, ok } from './answer.ts'
import { listed } from './pages.ts'

export function listRateCards(call: Call): Answer {
  return listed(call, call.data.rateCards, [])
}

export function getRateCard(call: Call): Answer {
  const card = call.data.rateCards.find(call.partner, call.id)
  return card ? ok(card) : notFound('rate card', call.id)
}
