/** Proposals: a design, priced, and how the customer would pay for it. */
import { cents, leftovers, less, money, percent, sum, times } from './cents.ts'
import { inverterCount } from './designs.ts'
import type { Design, Financing, LineItem, Money, Product, Project, Proposal } from './model.ts'
import { pick } from './projects.ts'

export type ProposalWish = {
  readonly validUntil: string
  readonly message: string | null
  readonly extras: readonly { readonly productId: string; readonly quantity: number }[]
  readonly financing:
    | { readonly type: 'cash'; readonly depositPercent: number }
    | { readonly type: 'loan' | 'lease'; readonly termMonths: number }
}

type Facts = {
  readonly id: string
  readonly now: string
  readonly status: Proposal['status']
}

const taxPercent = 19
const loanRatePercent = 4.9
const labourPerPanel = money(12_500)

/** Every product of the wish must be in the catalogue. */
export function priceProposal(
  products: readonly Product[],
  project: Project,
  design: Design,
  wish: ProposalWish,
  facts: Facts,
): Proposal {
  const { id, now, status } = facts
  const lineItems = itemsOf(products, project, design, wish)
  const net = sum(lineItems.map((item) => item.price))
  const tax = percent(net, taxPercent)
  const total = sum([net, tax])
  const cost = sum(lineItems.map((item) => item.cost))
  const accepted = status === 'accepted'
  return {
    id,
    createdAt: now,
    updatedAt: now,
    projectId: project.id,
    designId: design.id,
    status,
    lineItems,
    net,
    tax,
    total,
    financing: finance(total, wish.financing),
    validUntil: wish.validUntil,
    acceptedAt: accepted ? reachedAt(project, 'sold') : null,
    ...(wish.message !== null && { message: wish.message }),
    cost,
    margin: less(net, cost),
    payout: percent(net, 4),
    rateCardId: project.rateCardId,
    signature: accepted ? sign(project, id) : null,
    ...leftovers('proposal', cost),
  }
}

function sign(project: Project, id: string): Proposal['signature'] {
  return {
    name: project.customer.name,
    ipAddress: '192.0.2.17',
    evidenceUrl: `https://evidence.solstice.example/${project.id}/${id}-signature.pdf`,
  }
}

function itemsOf(
  products: readonly Product[],
  project: Project,
  design: Design,
  wish: ProposalWish,
): readonly LineItem[] {
  const goods = (productId: string, quantity: number): LineItem => {
    const { name, listPrice, cost, supplierSource } = pick(products, productId)
    const one = { price: listPrice, cost }
    return { ...extend(quantity, one), description: name, productId, supplierSource, rateCardId }
  }
  const { rateCardId } = project
  const panels = design.arrays.reduce((total, array) => total + array.modules.count, 0)
  const inverter = design.arrays[0]?.strings[0]?.inverterProductId ?? 'prd_201'
  const labour: LineItem = {
    ...extend(panels, { price: labourPerPanel, cost: percent(labourPerPanel, 64) }),
    description: 'Mounting and wiring',
    productId: null,
    supplierSource: 'own crew',
    rateCardId,
  }
  return [
    ...design.arrays.map(({ modules }) => goods(modules.productId, modules.count)),
    goods(inverter, inverterCount(design.sizeKwp * 1000)),
    labour,
    ...wish.extras.map((extra) => goods(extra.productId, extra.quantity)),
  ]
}

/** From the money of one piece to that of all. */
function extend(
  quantity: number,
  one: Pick<LineItem, 'price' | 'cost'>,
): Pick<LineItem, 'quantity' | 'unitPrice' | 'price' | 'cost' | 'margin'> {
  const price = times(one.price, quantity)
  const cost = times(one.cost, quantity)
  return { quantity, unitPrice: one.price, price, cost, margin: less(price, cost) }
}

function finance(total: Money, wish: ProposalWish['financing']): Financing {
  switch (wish.type) {
    case 'cash':
      return wish
    case 'loan': {
      // An annuity: the same payment every month until nothing is left.
      const rate = loanRatePercent / 1200
      const payment = (cents(total) * rate) / (1 - (1 + rate) ** -wish.termMonths)
      return {
        type: 'loan',
        lender: 'Hausbank Süd',
        termMonths: wish.termMonths,
        annualRatePercent: loanRatePercent,
        monthlyPayment: money(Math.round(payment)),
        payout: percent(total, 1.5),
        margin: percent(total, 0.8),
      }
    }
    case 'lease':
      return {
        type: 'lease',
        termMonths: wish.termMonths,
        monthlyPayment: money(Math.round((cents(total) * 1.35) / wish.termMonths)),
        residualValue: percent(total, 10),
        payout: percent(total, 2),
      }
  }
}

/** One for each showcase project that came so far, each financed in another way. */
export function seedProposals(
  products: readonly Product[],
  projects: readonly Project[],
  designs: readonly Design[],
): readonly Proposal[] {
  const ways = [
    { type: 'cash', depositPercent: 30 },
    { type: 'loan', termMonths: 120 },
    { type: 'lease', termMonths: 180 },
  ] as const
  return projects
    .filter((project) => project.value !== null)
    .map((project, index) => {
      const design = designs.find((one) => one.projectId === project.id)
      if (!design) throw new Error(`${project.id} has no design`)
      const wish = {
        validUntil: '2026-12-31',
        message: index % 2 === 0 ? 'With the battery you could do without the grid in summer.' : null,
        extras: index % 3 === 0 ? [{ productId: 'prd_301', quantity: 1 }] : [],
        financing: ways[index % ways.length] ?? ways[0],
      }
      const status = project.status === 'proposed' ? 'sent' : 'accepted'
      return priceProposal(products, project, design, wish, {
        id: `prp_${1001 + index}`,
        now: reachedAt(project, 'proposed'),
        status,
      })
    })
}

function reachedAt(project: Project, status: Project['status']): string {
  const milestone = project.milestones.find((one) => one.status === status)
  if (!milestone) throw new Error(`${project.id} was never ${status}`)
  return milestone.at
}

/** What a project is worth by its latest proposal. */
export function worth(proposal: Proposal): Pick<Project, 'value' | 'cost' | 'margin' | 'payout'> {
  const { total, cost, margin, payout } = proposal
  return { value: total, cost, margin, payout }
}
