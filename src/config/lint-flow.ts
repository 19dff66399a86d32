import { join, resolve } from 'node:path'
import { parseJavaInt } from '../core/numbers.ts'
import type { AgentText } from './agent-text.ts'
import type { CheckedAgent } from './checked-agent.ts'
import type { Property } from './finding.ts'
import type { Findings } from './findings.ts'
import { lintHdfs } from './lint-hdfs.ts'
import { lintSources } from './lint-sources.ts'

/** Says what works, but hardly as it was meant: traps that only the whole agent shows. `home` is the user's folder. */
export function lintFlow(agent: AgentText, checked: CheckedAgent, findings: Findings, home: string): void {
  lintShared(agent, checked, findings)
  lintSources(agent, checked, findings)
  lintHdfs(agent, checked, findings)
  lintFileChannels(agent, checked, findings)
  lintSharedStores(agent, checked, findings, join(home, '.flume', 'file-channel', 'data'))
}

function lintShared(agent: AgentText, { channels, sinks, groups }: CheckedAgent, findings: Findings): void {
  const groupOf = new Map(groups.flatMap(group => group.sinks.map(sink => [sink, group.name])))
  const byChannel = Map.groupBy(
    [...sinks.values()].filter(sink => sink.status !== 'dropped'),
    sink => sink.channel
  )
  for (const channel of channels.values()) {
    const draining = byChannel.get(channel.name) ?? []
    const apart = new Set(draining.map(({ name }) => groupOf.get(name) ?? `sink ${name}`))
    if (apart.size < 2) continue
    findings.add('SHARED_CHANNEL', {
      at: draining[1]?.at ?? channel.at,
      key: `${agent.name}.channels.${channel.name}`,
      message: `${draining.map(({ name }) => name).join(', ')} drain the same channel ${channel.name}; each event goes to only one of them.`,
      hint: 'Give each sink a channel of its own to copy events; leave it so to share the load.'
    })
  }
}

function lintFileChannels(agent: AgentText, { channels }: CheckedAgent, findings: Findings): void {
  for (const { name, type, text, at } of channels.values()) {
    if (text === undefined || !keepsFiles(type, text.properties)) continue
    const key = `${agent.name}.channels.${name}`
    if (!text.properties.has('dataDirs')) {
      findings.add('FILE_CH_DEFAULT_DIRS', {
        at,
        key,
        message: `The ${type} channel ${name} keeps its data under the home directory, as any other without directories would.`,
        hint: `Set ${key}.checkpointDir and dataDirs.`
      })
    } else if (type === 'file' && !text.properties.has('checkpointDir')) {
      findings.add('FILE_CH_DEFAULT_DIRS', {
        at,
        key,
        message: `The file channel ${name} has no checkpointDir: what a Flume left is also looked for under the home directory.`,
        hint: `Set ${key}.checkpointDir.`
      })
    }
  }
}

/** Whether a channel keeps events in a folder: a spillable one without overflow does not. */
function keepsFiles(type: string, properties: ReadonlyMap<string, Property> | undefined): boolean {
  const overflow = parseJavaInt(properties?.get('overflowCapacity')?.value ?? '')
  return type === 'file' || (type === 'spillablememory' && overflow !== 0)
}

/** Channels that want the same folder or database: only one of them starts. */
function lintSharedStores(
  agent: AgentText,
  { channels }: CheckedAgent,
  findings: Findings,
  defaultFolder: string
): void {
  const owners = new Map<string, string>()
  for (const { name, type, text, at } of channels.values()) {
    for (const store of new Set(storesOf(type, text?.properties, defaultFolder))) {
      const owner = owners.get(store)
      if (owner === undefined) owners.set(store, name)
      else {
        findings.add('SHARED_STORE', {
          at,
          key: `${agent.name}.channels.${name}`,
          message: `The channels ${owner} and ${name} both keep their events in ${store}; only one of them can start.`,
          hint: `Give ${name} another ${type === 'jdbc' ? 'driver.url' : 'dataDirs'}.`
        })
      }
    }
  }
}

/** Where a channel keeps its events: paths that are the same where the place is. */
function storesOf(
  type: string,
  properties: ReadonlyMap<string, Property> | undefined,
  defaultFolder: string
): string[] {
  const given = (key: string): string | undefined => properties?.get(key)?.value.trim()
  if (type === 'jdbc') {
    const url = given('driver.url') ?? given('org.apache.flume.channel.jdbc.driver.url') ?? ''
    const file = /^jdbc:sqlite:(.+)$/s.exec(url)?.[1]
    return file === undefined ? [] : [resolve(file)]
  }
  if (!keepsFiles(type, properties)) return []
  const folders = (given('dataDirs') ?? '').split(',').filter(folder => folder.trim() !== '')
  return folders.length === 0 ? [defaultFolder] : folders.map(folder => resolve(folder.trim()))
}
