import { join, resolve } from 'node:path'
import type { FindingEntry, Problem, Properties, Stores, Written } from '../core/component.ts'

/** What channels that keep events in folders say of them. */
export const FOLDER_FINDINGS = {
  FILE_CH_DEFAULT_DIRS: {
    level: 'info',
    meaning: 'A file or spillable channel keeps its data in the home directory; two such agents collide.'
  }
} as const satisfies Readonly<Record<string, FindingEntry>>

/** Says where a channel of this type keeps its data because nobody named a folder. */
export function lintFolders(type: string, { name, prefix, properties }: Written): Problem[] {
  if (properties['dataDirs'] === undefined) {
    return [
      defaultDirs(
        `The ${type} channel ${name} keeps its data under the home directory, as any other without directories would.`,
        `Set ${prefix}checkpointDir and dataDirs.`
      )
    ]
  }
  if (type !== 'file' || properties['checkpointDir'] !== undefined) return []
  return [
    defaultDirs(
      `The file channel ${name} has no checkpointDir: what a Flume left is also looked for under the home directory.`,
      `Set ${prefix}checkpointDir.`
    )
  ]
}

// The key is the channel: neither of the settings is there.
function defaultDirs(message: string, hint: string): Problem {
  return { level: 'info', code: 'FILE_CH_DEFAULT_DIRS', key: '', message, hint }
}

/** The folders of its data, the default filled in. */
export function folderStores({ dataDirs = '' }: Properties, home: string): Stores {
  const folders = dataDirs.split(',').filter(folder => folder.trim() !== '')
  const standard = join(home, '.flume', 'file-channel', 'data')
  return {
    key: 'dataDirs',
    places: folders.length === 0 ? [standard] : folders.map(folder => resolve(folder.trim()))
  }
}
