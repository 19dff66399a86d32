import { fileURLToPath } from 'node:url'
import { AgentError } from '../core/errors.ts'
import { parseCommandLine, type GivenOptions, type OptionSpec } from './command-line.ts'

/** What `flume-ng agent` was asked to do. */
export interface AgentOptions {
  /** Undefined: the only agent of the files. */
  readonly agent: string | undefined
  /** Files and folders in the order of the command line. */
  readonly files: readonly string[]
  /** Refuse to start when any component would be left out. */
  readonly strict: boolean
  readonly help: boolean
}

/** Every option of `flume-ng agent`, Flume's names first. */
export const AGENT_OPTIONS: readonly OptionSpec[] = [
  {
    name: 'agent',
    short: 'n',
    long: 'name',
    argument: 'name',
    doc: 'agent to run; not needed when the file holds one'
  },
  {
    name: 'file',
    short: 'f',
    long: 'conf-file',
    argument: 'path',
    doc: 'configuration file, or folder with one; may be repeated'
  },
  {
    name: 'uri',
    short: 'u',
    long: 'conf-uri',
    argument: 'uri',
    doc: 'configuration as a file: URI; may be repeated'
  },
  {
    name: 'user',
    short: 'user',
    long: 'conf-user',
    argument: 'user',
    doc: 'user for a configuration fetched by HTTP (not in this version)'
  },
  {
    name: 'password',
    short: 'pwd',
    long: 'conf-password',
    argument: 'password',
    doc: 'password for it (not in this version)'
  },
  {
    name: 'provider',
    short: 'prov',
    long: 'conf-provider',
    argument: 'class',
    doc: 'Java class; cannot be used here'
  },
  {
    name: 'auth',
    short: 'a',
    long: 'auth-provider',
    argument: 'class',
    doc: 'Java class; cannot be used here'
  },
  {
    name: 'interval',
    short: 'i',
    long: 'poll-interval',
    argument: 'seconds',
    doc: 'accepted; files are read once in this version'
  },
  {
    name: 'noReload',
    long: 'no-reload-conf',
    doc: 'read the configuration once, as this version always does'
  },
  {
    name: 'backup',
    short: 'b',
    long: 'backup-directory',
    argument: 'dir',
    doc: 'copy of a fetched configuration (not in this version)'
  },
  {
    name: 'zooKeeper',
    short: 'z',
    long: 'zkConnString',
    argument: 'hosts',
    doc: 'ZooKeeper (not in this version)'
  },
  {
    name: 'zooKeeperPath',
    short: 'p',
    long: 'zkBasePath',
    argument: 'path',
    doc: 'base node in ZooKeeper (not in this version)'
  },
  { name: 'strict', long: 'strict', doc: 'do not start when a component would be left out' },
  { name: 'help', short: 'h', long: 'help', doc: 'show this text' }
]

/** Reads the words after `agent`; `defaults` are the options of a flume.opts file. Throws ERR_CONFIG. */
export function parseAgentOptions(
  words: readonly string[],
  defaults: GivenOptions = new Map()
): AgentOptions {
  const given = parseCommandLine(AGENT_OPTIONS, words)
  const values = (name: string): readonly string[] => given.get(name) ?? defaults.get(name) ?? []
  const help = values('help').length > 0
  if (!help) checkSources(values)
  return {
    agent: values('agent')[0],
    files: values('uri').length > 0 ? values('uri').map(pathOf) : values('file'),
    strict: values('strict').length > 0,
    help
  }
}

function checkSources(values: (name: string) => readonly string[]): void {
  const [provider] = [...values('provider'), ...values('auth')]
  if (provider !== undefined) {
    throw new AgentError(
      'ERR_CONFIG',
      `${provider} is a Java class and cannot be loaded. Name the configuration with -f FILE.`
    )
  }
  if (values('zooKeeper').length > 0) {
    throw new AgentError(
      'ERR_CONFIG',
      "Configuration from ZooKeeper (-z) is not in this version. Save the node's text to a file and name it with -f FILE."
    )
  }
  const [interval] = values('interval')
  if (interval !== undefined && !/^[+-]?\d+$/.test(interval)) {
    throw new AgentError(
      'ERR_CONFIG',
      `For input string: "${interval}". Write --poll-interval as a whole number of seconds.`
    )
  }
  if (values('uri').length === 0 && values('file').length === 0) {
    throw new AgentError('ERR_CONFIG', 'No configuration was provided. Name a file or a folder with -f.')
  }
}

function pathOf(uri: string): string {
  const [, scheme] = /^([a-z][a-z0-9+.-]+):/i.exec(uri) ?? []
  switch (scheme?.toLowerCase()) {
    case 'file':
      return pathOfFileUri(uri)
    case undefined:
      throw new AgentError('ERR_CONFIG', `${uri} is not a URI. Write -f ${uri} for a file.`)
    case 'http':
    case 'https':
    case 'classpath':
      throw new AgentError(
        'ERR_CONFIG',
        `Configuration by ${scheme}: (-u ${uri}) is not in this version. Save it to a file and name it with -f FILE.`
      )
    default:
      throw new AgentError(
        'ERR_CONFIG',
        `The scheme of ${uri} is unknown. Name a file with -f FILE or -u file:///PATH.`
      )
  }
}

function pathOfFileUri(uri: string): string {
  try {
    return fileURLToPath(uri)
  } catch (error) {
    throw new AgentError('ERR_CONFIG', `${uri} does not name a local file. Write -u file:///PATH.`, {}, error)
  }
}
