import type { Around, Problem } from './component.ts'
import { isFatal, readSettings, type Resolved, type SettingsReading } from './read-settings.ts'
import type { Settings, Values } from './schema.ts'

/** Anything with settings, and perhaps rules between them. */
interface Checkable<S extends Settings, A> {
  readonly settings: S
  check?(settings: Values<S>, around: A): readonly Problem[] | Promise<readonly Problem[]>
}

/**
 * Reads all settings of one component and asks its check, and those of the components inside it. Reports every problem;
 * rejects only when a check does.
 */
export async function checkedSettings<S extends Settings, A extends Around>(
  definition: Checkable<S, A>,
  resolved: Resolved,
  around: A
): Promise<SettingsReading<S>> {
  const reading = readSettings(definition, around.properties, resolved)
  if (reading.values === undefined) return reading
  const found: Problem[] = []
  for (const { definition: part, values, prefix, properties } of reading.parts) {
    const inside = { ...around, prefix: around.prefix + prefix, properties }
    const problems = await part.check?.(values, inside as never)
    for (const problem of problems ?? []) found.push({ ...problem, key: prefix + problem.key })
  }
  found.push(...((await definition.check?.(reading.values, around)) ?? []))
  const isGood = !found.some(isFatal)
  return {
    ...reading,
    values: isGood ? reading.values : undefined,
    problems: [...reading.problems, ...found]
  }
}
