import { resolve } from 'node:path'
import type { Environment } from '../core/contracts.ts'
import { splitLauncherOptions, type LauncherOptions } from './launcher-options.ts'
import { wantsPlainText } from './plain-text.ts'
import { Packages, pluginRoots } from './packages.ts'
import { TextOutput } from './text-output.ts'

/** What every command is given. */
export interface Program {
  readonly out: TextOutput
  readonly err: TextOutput
  readonly environment: Environment
  readonly launcher: LauncherOptions
  /** What stands after the command, the launcher's own options taken out. */
  readonly words: readonly string[]
}

const STANDARD_OUTPUT = 1
const STANDARD_ERROR = 2

/** Standard output and standard error of this process. */
export function openOutputs(): Pick<Program, 'out' | 'err'> {
  const plain = wantsPlainText(process.env)
  return { out: new TextOutput(STANDARD_OUTPUT, { plain }), err: new TextOutput(STANDARD_ERROR, { plain }) }
}

/** The surroundings of one command. Throws ERR_CONFIG for an option without its argument. */
export function openProgram(
  outputs: Pick<Program, 'out' | 'err'>,
  command: string,
  words: readonly string[]
): Program {
  const variables = process.env
  const launcher = splitLauncherOptions(command, words, variables)
  const configDirectory = launcher.conf === undefined ? undefined : resolve(launcher.conf)
  const environment = { variables, properties: launcher.properties, configDirectory }
  return { ...outputs, environment, launcher, words: launcher.words }
}

/** The packages that components of this command line may load. */
export function packagesOf({ environment, launcher: { pluginsPath } }: Program): Packages {
  return new Packages(pluginRoots(environment, pluginsPath), pluginsPath)
}
