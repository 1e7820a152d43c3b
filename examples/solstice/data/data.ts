/** All that one environment of Solstice knows. */
import type { Environment, Product, Project } from './model.ts'
import { seedProducts } from './products.ts'
import { seedProjects } from './projects.ts'
import { createShelf, type Shelf } from './shelf.ts'

export type { Environment } from './model.ts'

export type Data = {
  readonly environment: Environment
  readonly catalogue: readonly Product[]
  readonly products: Shelf<Product>
  readonly projects: Shelf<Project>
}

export function createData(environment: Environment): Data {
  const catalogue = seedProducts(environment)
  const projects = seedProjects(environment, catalogue)
  return {
    environment,
    catalogue,
    products: createShelf('prd', catalogue),
    projects: createShelf('prj', projects),
  }
}
