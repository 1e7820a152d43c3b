/** All that one environment of Solstice knows. */
import { seedDesigns } from './designs.ts'
import type { Design, Environment, Product, Project, Proposal, RateCard } from './model.ts'
import { seedProducts } from './products.ts'
import { seedProjects } from './projects.ts'
import { seedProposals, worth } from './proposals.ts'
import { seedRateCards } from './rate-cards.ts'
import { createShelf, type Shelf } from './shelf.ts'

export type { Environment } from './model.ts'

export type Data = {
  readonly environment: Environment
  readonly catalogue: readonly Product[]
  /** Projects that every partner sees; the running ones among them deliver readings. */
  readonly showcase: readonly Project[]
  readonly products: Shelf<Product>
  readonly projects: Shelf<Project>
  readonly designs: Shelf<Design>
  readonly proposals: Shelf<Proposal>
  readonly rateCards: Shelf<RateCard>
}

export function createData(environment: Environment): Data {
  const catalogue = seedProducts(environment)
  const drawn = seedProjects(environment, catalogue)
  const designs = seedDesigns(environment, catalogue, drawn)
  const proposals = seedProposals(catalogue, drawn, designs)
  const showcase = drawn.map((project) => {
    const proposal = proposals.find((one) => one.projectId === project.id)
    return proposal ? { ...project, ...worth(proposal) } : project
  })
  return {
    environment,
    catalogue,
    showcase,
    products: createShelf('prd', catalogue),
    projects: createShelf('prj', showcase),
    designs: createShelf('dsg', designs),
    proposals: createShelf('prp', proposals),
    rateCards: createShelf('rc', seedRateCards(environment)),
  }
}
