/** Which handler serves which operation of the contract. */
import type { Answer, Call } from './answer.ts'
import { getProduct, listProducts } from './products.ts'
import { createDesign, getDesign, listDesigns } from './designs.ts'
import { exportRawData } from './export.ts'
import { archiveProject, createProject, getProject, listProjects } from './projects.ts'
import { createProposal, getProposal, listProposals } from './proposals.ts'
import { getRateCard, listRateCards } from './rate-cards.ts'

export type Route = {
  readonly operation: string
  readonly method: 'GET' | 'POST'
  /** Of the whole path; captures the id where there is one. */
  readonly pattern: RegExp
  readonly hasBody: boolean
  readonly handle: (call: Call) => Answer
}

export const routes: readonly Route[] = [
  get('listProjects', '/api/projects', listProjects),
  get('getProject', '/api/projects/{id}', getProject),
  post('createProject', '/api/projects', true, createProject),
  post('archiveProject', '/api/projects/{id}/archive', false, archiveProject),
  get('listDesigns', '/api/designs', listDesigns),
  get('getDesign', '/api/designs/{id}', getDesign),
  post('createDesign', '/api/designs', true, createDesign),
  get('listProposals', '/api/proposals', listProposals),
  get('getProposal', '/api/proposals/{id}', getProposal),
  post('createProposal', '/api/proposals', true, createProposal),
  get('listProducts', '/api/products', listProducts),
  get('getProduct', '/api/products/{id}', getProduct),
  get('exportRawData', '/api/raw-data/export', exportRawData),
  get('listRateCards', '/api/rate-cards', listRateCards),
  get('getRateCard', '/api/rate-cards/{id}', getRateCard),
]

function get(operation: string, path: string, handle: Route['handle']): Route {
  return { operation, method: 'GET', pattern: patternOf(path), hasBody: false, handle }
}

function post(operation: string, path: string, hasBody: boolean, handle: Route['handle']): Route {
  return { operation, method: 'POST', pattern: patternOf(path), hasBody, handle }
}

function patternOf(path: string): RegExp {
  return new RegExp(`^${path.replace('{id}', '([^/]+)')}$`)
}
