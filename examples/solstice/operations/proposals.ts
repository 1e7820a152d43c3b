/** Proposals: list, get, make. */
import { advance } from '../data/projects.ts'
import { priceProposal, type ProposalWish, worth } from '../data/proposals.ts'
import { type Answer, type BodyError, type Call, created, notFound, ok, unprocessable } from './answer.ts'
import { type Input, readInput } from './input.ts'
import { listed } from './pages.ts'
import { archivedProblem } from './projects.ts'

export function listProposals(call: Call): Answer {
  return listed(call, call.data.proposals, ['projectId', 'status'])
}

export function getProposal(call: Call): Answer {
  const proposal = call.data.proposals.find(call.partner, call.id)
  return proposal ? ok(proposal) : notFound('proposal', call.id)
}

export function createProposal(call: Call): Answer {
  const { data, partner, now } = call
  const input = readInput(call.body)
  const projectId = input.text('projectId')
  const designId = input.text('designId')
  const wish = readWish(input)
  const project = data.projects.find(partner, projectId)
  const design = data.designs.find(partner, designId)
  const errors = [
    ...input.errors,
    ...(project ? [] : [{ pointer: '#/projectId', detail: `There is no project ${projectId}.` }]),
    ...(design?.projectId === projectId
      ? []
      : [{ pointer: '#/designId', detail: `${projectId} has no design ${designId}.` }]),
    ...unsuitable(call, wish),
  ]
  if (!project || !design || errors.length > 0) return unprocessable(errors)
  const refusal = archivedProblem(project)
  if (refusal) return refusal

  const proposal = data.proposals.add(partner, (id) =>
    priceProposal(data.catalogue, project, design, wish, { id, now, status: 'draft' }),
  )
  if (!project.showcase) {
    data.projects.replace(partner, advance(project, 'proposed', now, worth(proposal)))
  }
  return created(`/api/proposals/${proposal.id}`, proposal)
}

function readWish(input: Input): ProposalWish {
  return {
    validUntil: input.text('validUntil'),
    message: input.optionalText('message'),
    extras: input.has('extras')
      ? input
          .list('extras')
          .map((one) => ({ productId: one.text('productId'), quantity: one.number('quantity') }))
      : [],
    financing: readFinancing(input.object('financing')),
  }
}

function readFinancing(input: Input): ProposalWish['financing'] {
  const type = input.text('type')
  if (type === 'loan' || type === 'lease') return { type, termMonths: input.number('termMonths') }
  return { type: 'cash', depositPercent: input.optionalNumber('depositPercent') ?? 30 }
}

function unsuitable(call: Call, wish: ProposalWish): readonly BodyError[] {
  const errors: BodyError[] = wish.extras.flatMap(({ productId }, index) => {
    if (call.data.products.find(call.partner, productId)) return []
    return [{ pointer: `#/extras/${index}/productId`, detail: `There is no product ${productId}.` }]
  })
  if (wish.validUntil <= call.now.slice(0, 10)) {
    errors.push({ pointer: '#/validUntil', detail: 'validUntil must be in the future.' })
  }
  return errors
}
