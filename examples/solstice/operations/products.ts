/** Products: list, get. */
import { type Answer, type Call, notFound, tagged } from './answer.ts'
import { listed } from './pages.ts'

export function listProducts(call: Call): Answer {
  return listed(call, call.data.products, ['category'])
}

export function getProduct(call: Call): Answer {
  const product = call.data.products.find(call.partner, call.id)
  return product ? tagged(call, product) : notFound('product', call.id)
}
