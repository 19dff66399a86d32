import type { SinkContext } from '../../../core/contracts.ts'
import { gauge, timer } from '../../../core/metrics.ts'

export const metrics = {
  OpenFileCount: gauge('files', 'Files that are being written.'),
  ClosingFileCount: gauge('files', 'Files that are being completed: closed, and given their final names.'),
  StoreCallMillis: timer('How long a call to the store took; those that failed are not in it.')
} as const

export type HdfsContext = SinkContext<typeof metrics>
