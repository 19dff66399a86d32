import type { Context } from '../../core/contracts.ts'
import { AgentError, messageOf } from '../../core/errors.ts'
import { plural } from '../../core/plural.ts'
import { encryptionOf, silentLog, type ChannelFolder } from './channel-folder.ts'
import { systemClock } from '../clock.ts'
import { CHANNEL_USAGE } from '../channel-pages.ts'
import { ownText } from '../plain-text.ts'
import { parseCall, wrong, type ChannelCall, type ChannelStreams } from './channel-call.ts'
import { exportEvents } from './channel-export.ts'
import { repairFolders } from './channel-repair.ts'
import { openChannelFolders } from './open-folders.ts'
import { type ChannelSummary, damageLines, summarize, summaryLines } from './channel-report.ts'

type Subcommand = (call: ChannelCall) => Promise<number>

const SUBCOMMANDS: Readonly<Record<string, Subcommand>> = {
  inspect,
  verify,
  export: exportTo,
  repair: repairFolders
}

/** `flume-ng channel …`. Resolves to the exit code; never rejects for what is wrong with files or command line. */
export async function channelCommand(words: readonly string[], streams: ChannelStreams): Promise<number> {
  const [name = '', ...rest] = words
  if (name === 'help' || name === '--help' || name === '-h') {
    streams.stdout.write(ownText(CHANNEL_USAGE, streams.environment.variables))
    return 0
  }
  try {
    const run = Object.hasOwn(SUBCOMMANDS, name) ? SUBCOMMANDS[name] : undefined
    if (run === undefined)
      throw wrong(name === '' ? 'A command is missing.' : `There is no channel command "${name}".`)
    return await run(parseCall(name, rest, streams))
  } catch (error) {
    if (error instanceof AgentError && error.code === 'ERR_STOPPED') return 0
    streams.stderr.write(`channel${name === '' ? '' : ` ${name}`}: ${messageOf(error)}\n`)
    if (error instanceof AgentError && error.facts['usage'] === true)
      streams.stderr.write(`\n${ownText(CHANNEL_USAGE, streams.environment.variables)}`)
    return 2
  }
}

/** Opens the folders for `task`, and closes them after it. */
async function withFolders(
  call: ChannelCall,
  task: (found: readonly ChannelFolder[]) => Promise<number>
): Promise<number> {
  const found = await openChannelFolders(call.folders, encryptionOf(call.environment, 'read'))
  try {
    return await task(found)
  } finally {
    for (const folder of found) await folder.close()
  }
}

function inspect(call: ChannelCall): Promise<number> {
  return report(call, summaries => summaries.flatMap(summaryLines))
}

function verify(call: ChannelCall): Promise<number> {
  return report(call, summaries =>
    summaries.flatMap(summary => [
      ...damageLines(summary),
      `${plural(summary.files.length, 'file')}, ${plural(summary.events, 'event')} held: ${damageText(summary)}`
    ])
  )
}

function report(
  call: ChannelCall,
  linesOf: (summaries: readonly ChannelSummary[]) => readonly string[]
): Promise<number> {
  return withFolders(call, async found => {
    const summaries: ChannelSummary[] = []
    for (const folder of found) summaries.push(await summarize(folder))
    const text = call.json
      ? JSON.stringify(summaries.length === 1 ? summaries[0] : summaries, undefined, 2)
      : ownText(linesOf(summaries).join('\n'), call.environment.variables)
    call.stdout.write(`${text}\n`)
    return summaries.some(({ damageCount }) => damageCount > 0) ? 1 : 0
  })
}

function damageText({ damageCount, lost, facts }: ChannelSummary): string {
  const givenUp = facts['givenUp'] ?? 0
  const earlier = givenUp === 0 ? '' : `; ${plural(givenUp, 'event')} given up earlier`
  if (damageCount === 0) return `no damage${earlier}`
  return `${plural(damageCount, 'damaged part')}, ${plural(lost, 'event')} of those held lost${earlier}`
}

function exportTo(call: ChannelCall): Promise<number> {
  return withFolders(call, async found => {
    const context = contextOf(call)
    const events = await exportEvents(found, {
      format: call.format,
      stdout: call.stdout,
      file: call.file,
      context
    })
    const damaged = found.reduce((sum, folder) => sum + folder.damageCount(), 0)
    if (call.file !== undefined) call.stdout.write(`${plural(events, 'event')} written to ${call.file}\n`)
    if (damaged > 0)
      call.stderr.write(
        `channel export: the channel has ${plural(damaged, 'damaged part')}; see flume-ng channel verify\n`
      )
    return damaged > 0 ? 1 : 0
  })
}

function contextOf({ environment }: ChannelCall): Context {
  return { name: 'export', environment, log: silentLog, clock: systemClock, fail: () => {}, load: nothing }
}

function nothing(name: string): Promise<never> {
  return Promise.reject(new AgentError('ERR_START', `The package ${name} is not loaded for a command.`))
}
