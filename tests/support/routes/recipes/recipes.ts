/** The tables of every area, as one. */
import { accessOperationRecipes, accessRouteRecipes } from './access.ts'
import { governanceOperationRecipes, governanceRouteRecipes } from './governance.ts'
import { identityOperationRecipes, identityRouteRecipes } from './identity.ts'
import type { Recipes } from './recipe.ts'

/** Of the Partner API. */
export const operationRecipes: Recipes = {
  ...identityOperationRecipes,
  ...governanceOperationRecipes,
  ...accessOperationRecipes,
}

/** Of the management API. */
export const routeRecipes: Recipes = {
  ...identityRouteRecipes,
  ...governanceRouteRecipes,
  ...accessRouteRecipes,
}
