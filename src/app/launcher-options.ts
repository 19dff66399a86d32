import { AgentError } from '../core/errors.ts'

/** What Flume's launcher takes for itself, whatever the command, and the words that are left. */
export interface LauncherOptions {
  /** The folder of `--conf`. */
  readonly conf: string | undefined
  readonly dryRun: boolean
  readonly pluginsPath: string | undefined
  /** System properties: of JAVA_OPTS, then FLUME_JAVA_OPTS, then the command line; the last one counts. */
  readonly properties: Readonly<Record<string, string>>
  readonly words: readonly string[]
  /** Everything that was given, but for the switch of the dry run. */
  readonly shown: readonly string[]
}

interface Draft {
  conf?: string
  dryRun: boolean
  pluginsPath?: string
  words: string[]
}

// Whose own options may be called like the launcher's: `fs -ls -C -d`, `fs -rm -f`. These stand behind the launcher's.
const WITH_OWN_OPTIONS: readonly string[] = ['fs']

const CONF = ['-c', '--conf', '-conf']
const PLUGINS = ['--plugins-path', '-plugins-path']
const CLASSPATH = ['-C', '--classpath', '-classpath']
const DRY_RUN = ['-d', '--dryrun', '-dryrun']
// Switches for a Java virtual machine, accepted and without effect.
const FOR_JAVA = /^-(?:X|agentlib:|agentpath:|javaagent:)/

/**
 * Sorts the words after the command. What stands behind `--`, and behind the first word of a command with options of its
 * own, is the command's. Throws ERR_CONFIG for an option without its argument.
 */
export function splitLauncherOptions(
  command: string,
  words: readonly string[],
  variables: Readonly<Record<string, string | undefined>>
): LauncherOptions {
  const draft: Draft = { dryRun: false, words: [] }
  const properties = new Map<string, string>()
  for (const word of fromJavaOptions(variables)) addProperty(properties, word)
  const end = WITH_OWN_OPTIONS.includes(command) ? () => true : (word: string) => word === '--'
  let at = 0
  while (at < words.length) {
    const word = words[at++] ?? ''
    const argument = (): string => argumentOf(word, words[at++])
    if (takeOption(draft, word, argument) || takeProperty(properties, word, argument)) continue
    draft.words.push(word)
    if (end(word)) break
  }
  const own = words.slice(at)
  return {
    conf: draft.conf,
    dryRun: draft.dryRun,
    pluginsPath: draft.pluginsPath,
    words: [...draft.words, ...own],
    shown: [...words.slice(0, at).filter(word => !DRY_RUN.includes(word)), ...own],
    properties: Object.fromEntries(properties)
  }
}

function takeOption(draft: Draft, word: string, argument: () => string): boolean {
  if (CONF.includes(word)) draft.conf = argument()
  else if (word.startsWith('--conf=')) draft.conf = word.slice('--conf='.length)
  else if (PLUGINS.includes(word)) draft.pluginsPath = argument()
  else if (CLASSPATH.includes(word)) argument()
  else if (DRY_RUN.includes(word)) draft.dryRun = true
  else return FOR_JAVA.test(word)
  return true
}

function takeProperty(properties: Map<string, string>, word: string, argument: () => string): boolean {
  if (word === '-property') {
    for (const pair of argument().split(';')) addProperty(properties, `-D${pair}`)
    return true
  }
  if (!word.startsWith('-D') || word === '-D') return false
  addProperty(properties, word)
  return true
}

// JAVA_OPTS reaches this process only when flume-env.sh sets it.
function fromJavaOptions(variables: Readonly<Record<string, string | undefined>>): string[] {
  return [variables['JAVA_OPTS'], variables['FLUME_JAVA_OPTS']].flatMap(options =>
    (options ?? '').split(/\s+/)
  )
}

function addProperty(properties: Map<string, string>, word: string): void {
  if (!word.startsWith('-D') || word.length === 2) return
  const [name = '', ...value] = word.slice(2).split('=')
  properties.set(name, value.join('='))
}

function argumentOf(option: string, word: string | undefined): string {
  if (word !== undefined) return word
  throw new AgentError('ERR_CONFIG', `Option ${option} requires an argument`)
}
