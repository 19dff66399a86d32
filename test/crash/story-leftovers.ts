import { basename } from 'node:path'
import type { SimulatedDisk } from '../../src/testing/simulated-disk.ts'
import type { Story } from './story.ts'

/** Spares, reserves, a segment, and the records beside them. */
const SPARES = 4 + 2
const SEGMENTS = 2
const RECORDS = 2

/** What a log that was emptied and closed leaves behind and should not. */
export function leftovers(story: Story, disk: SimulatedDisk): string[] {
  const names = [...disk.files().keys()].filter(path => !path.includes('/quarantine/'))
  const most = SPARES + SEGMENTS + RECORDS * story.folders
  if (names.length <= most) return []
  return [`${names.length} files are left of an empty log: ${names.map(path => basename(path)).join(' ')}`]
}
