import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { systemCode } from '../core/errors.ts'
import { decodeProperties, parseProperties } from '../java/properties.ts'
import type { Findings } from './findings.ts'
import { defaultLookups, lookupsOf, type Lookups, type Surroundings } from './lookups.ts'

/**
 * The lookups to use: those of the file that `-Dlookups=` names, or of `lookups.properties` in the configuration folder,
 * else the default four.
 */
export async function readLookups(
  around: Surroundings,
  directory: string | undefined,
  findings: Findings
): Promise<Lookups> {
  const named = around.properties['lookups']
  const inFolder = (name: string): string[] => (directory === undefined ? [] : [join(directory, name)])
  const candidates = named === undefined ? inFolder('lookups.properties') : [named, ...inFolder(named)]
  for (const file of candidates) {
    const bytes = await readFile(file).catch((error: unknown) => {
      if (systemCode(error) !== 'ENOENT') throw error
    })
    if (bytes === undefined) continue
    const entries = parseProperties(decodeProperties(bytes).text)
    const { lookups, unknown } = lookupsOf(entries, around)
    for (const key of unknown) {
      const line = entries.find(entry => entry.key === key)?.line ?? 1
      findings.add('UNKNOWN_LOOKUP', {
        at: { file, line },
        key,
        message: `The lookup ${key} does not exist here.`,
        hint: 'Use the constants of DefaultStringLookup that the manual lists.'
      })
    }
    return lookups
  }
  if (named !== undefined) {
    findings.add('UNREADABLE', {
      at: { file: named, line: 1 },
      message: `Unable to read file ${named}, which -Dlookups names.`,
      hint: 'Correct the path; the default lookups are used.',
      level: 'warning'
    })
  }
  return defaultLookups(around)
}
