import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { AgentError } from '../core/errors.ts'
import type { GivenOptions, OptionSpec } from './command-line.ts'

const SYSTEM_FILE = '/etc/flume/flume.opts'

/** What stands before the name of a system property, and under which name these come. */
const PROPERTY = '-D'
export const PROPERTIES = 'properties'

/**
 * Options of `/etc/flume/flume.opts`, else of `flume.opts` in the folder of `--conf`: a properties file of option names,
 * with or without their hyphens, and of `-Dname = value`, which come as `name=value` under PROPERTIES. They count where the
 * command line does not say. Throws ERR_CONFIG for a name that is no option.
 */
export async function readOptionsFile(
  specs: readonly OptionSpec[],
  conf: string | undefined,
  systemFile: string = SYSTEM_FILE
): Promise<GivenOptions> {
  const candidates = conf === undefined ? [systemFile] : [systemFile, join(conf, 'flume.opts')]
  const file = candidates.find(candidate => existsSync(candidate))
  if (file === undefined) return new Map()
  const { decodeProperties, parseProperties } = await import('../java/properties.ts')
  const options = new Map<string, readonly string[]>()
  for (const { key, value, line } of parseProperties(decodeProperties(readFileSync(file)).text)) {
    if (key.startsWith(PROPERTY)) {
      const pair = key === PROPERTY ? value : `${key.slice(PROPERTY.length)}=${value}`
      options.set(PROPERTIES, [...(options.get(PROPERTIES) ?? []), pair])
      continue
    }
    const name = key.replace(/^--?/, '')
    const spec = specs.find(({ short, long }) => name === short || name === long)
    if (spec === undefined) {
      throw new AgentError(
        'ERR_CONFIG',
        `${file}:${line}: ${key} is not an option of the agent. See flume-ng help agent.`
      )
    }
    if (spec.argument !== undefined) options.set(spec.name, [value])
    else if (/^(?:yes|true|1)$/i.test(value) || (value === '' && name !== key)) options.set(spec.name, [''])
  }
  return options
}
