/** Rows and recipes of the access area. How to add one: `recipe.ts`. */
import type { Recipes } from './recipe.ts'

export const accessOperationRecipes: Recipes = {}

export const accessRouteRecipes: Recipes = {}
