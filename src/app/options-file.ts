import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { AgentError } from '../core/errors.ts'
import type { GivenOptions, OptionSpec } from './command-line.ts'

const SYSTEM_FILE = '/etc/flume/flume.opts'

/**
 * Options of `/etc/flume/flume.opts`, else of `flume.opts` in the folder of `--conf`: a properties file of option names. They
 * count where the command line does not say. Throws ERR_CONFIG for a name that is no option.
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
    const spec = specs.find(({ short, long }) => key === short || key === long)
    if (spec === undefined) {
      throw new AgentError(
        'ERR_CONFIG',
        `${file}:${line}: ${key} is not an option of the agent. See flume-ng help agent.`
      )
    }
    if (spec.argument !== undefined) options.set(spec.name, [value])
    else if (/^(?:yes|true|1)$/i.test(value)) options.set(spec.name, [''])
  }
  return options
}
