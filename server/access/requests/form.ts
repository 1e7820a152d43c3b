/** The form of a request: what a reviewer has to know. A draft may leave things out; what is submitted may not. */
import { Type } from 'typebox'
import type { Static } from 'typebox'
import type { ProblemError } from '#/kernel/problem/problem.ts'

/** Several lines that people write: not empty, and without what cannot be shown or stored. */
export function proseOf(maxLength: number, description: string) {
  const pattern = String.raw`^[^\u0000-\u0020\u007f\ud800-\udfff][^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\ud800-\udfff]*$`
  return Type.String({ minLength: 1, maxLength, pattern, description })
}

const fields = {
  useCase: proseOf(4000, 'What you are going to build, and for whom.'),
  volume: Type.Object(
    {
      perMonth: Type.Integer({ minimum: 1, maximum: 1e12, description: 'Calls.' }),
      peakPerSecond: Type.Integer({ minimum: 1, maximum: 1e6, description: 'Calls, at the busiest.' }),
    },
    { additionalProperties: false },
  ),
  data: proseOf(4000, 'Which data you need, and what becomes of it.'),
  environments: Type.Array(Type.Enum(['live', 'sandbox']), { minItems: 1, maxItems: 2, uniqueItems: true }),
  acceptedTerms: Type.String({
    pattern: '^[A-Za-z0-9][A-Za-z0-9._-]*$',
    maxLength: 40,
    description: 'The version of the terms that you accept by submitting.',
  }),
}

// `Partial` alone would open the object again.
export const FormShape = Type.Object(Type.Partial(Type.Object(fields)).properties, {
  additionalProperties: false,
})

export type Form = Static<typeof FormShape>

/** What keeps the request from being submitted; `facts` are those missing in the partner's profile. */
export function incomplete(form: Form, facts: readonly string[]): readonly ProblemError[] {
  const names = Object.keys(fields).filter((name) => form[name as keyof Form] === undefined)
  const say = (where: string, detail: string) => (name: string) => {
    return { in: where, pointer: `#/${name}`, code: 'missing', detail }
  }
  return [
    ...names.map(say('form', 'is needed')),
    ...facts.map(say('profile', 'is not known of your organisation yet')),
  ]
}
