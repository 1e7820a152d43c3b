/** The tables of the access area, as one. How to add a line: `recipe.ts`. */
import { capabilityRouteRecipes } from './capabilities.ts'
import { decisionRouteRecipes } from './decisions.ts'
import type { Recipes } from './recipe.ts'
import { requestOperationRecipes, requestRouteRecipes } from './requests.ts'
import { termsOperationRecipes, termsRouteRecipes } from './terms.ts'

export const accessOperationRecipes: Recipes = { ...termsOperationRecipes, ...requestOperationRecipes }

export const accessRouteRecipes: Recipes = {
  ...capabilityRouteRecipes,
  ...termsRouteRecipes,
  ...requestRouteRecipes,
  ...decisionRouteRecipes,
}
