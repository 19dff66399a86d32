import { ProtobufReader } from '../../wire/protobuf-reader.ts'

/** What Flume noted beside a log file. */
export interface LogMeta {
  readonly version: number
  readonly fileId: number
  /** Where the next record was to go at the latest checkpoint while the log was in use; 0 before the first. */
  readonly checkpointPosition: number
  /** Write order of the latest checkpoint that used the log; 0 before the first. */
  readonly checkpointOrder: number
  /** Write order of the checkpoint before that one. */
  readonly backupOrder: number
  readonly encryption: LogEncryption | undefined
}

/** How a log file is encrypted. */
export interface LogEncryption {
  readonly cipher: string
  /** Alias of the key in the key store. */
  readonly keyAlias: string
  /** Initial counter block of AES/CTR, 16 bytes. */
  readonly parameters: Buffer
}

/** Far more than any `.meta` file has. */
export const MAX_META_BYTES = 64 * 1024

/**
 * Decodes `log-N.meta`, or undefined when it is damaged. Source: filechannel.proto of Apache Flume 1.11, message
 * LogFileMetaData, behind its length as a varint:
 *   1 sfixed32 version   2 sfixed32 fileId   3 sfixed64 checkpointPosition   4 sfixed64 checkpointWriteOrderId
 *   5 encryption {1 string cipherProvider, 2 string keyAlias, 3 bytes parameters}
 *   6 sfixed64 backupCheckpointPosition   7 sfixed64 backupCheckpointWriteOrderId
 */
export function readLogMeta(bytes: Buffer): LogMeta | undefined {
  const outer = new ProtobufReader(bytes, 0, bytes.length)
  const message = outer.delimited()
  if (message === undefined) return undefined
  const fields = new ProtobufReader(bytes, message.start, message.end)
  let version: number | undefined
  let fileId: number | undefined
  let [checkpointPosition, checkpointOrder, backupOrder] = [0, 0, 0]
  let encryption: LogEncryption | undefined
  while (fields.next()) {
    if (fields.field === 1 && fields.type === 5) version = fields.fixed32()
    else if (fields.field === 2 && fields.type === 5) fileId = fields.fixed32()
    else if (fields.field === 3 && fields.type === 1) checkpointPosition = fields.fixed64()
    else if (fields.field === 4 && fields.type === 1) checkpointOrder = fields.fixed64()
    else if (fields.field === 7 && fields.type === 1) backupOrder = fields.fixed64()
    else if (fields.field === 5 && fields.type === 2) {
      encryption = readEncryption(bytes, fields.start, fields.end)
      if (encryption === undefined) return undefined
    }
  }
  if (fields.broken || version === undefined || fileId === undefined) return undefined
  return { version, fileId, checkpointPosition, checkpointOrder, backupOrder, encryption }
}

function readEncryption(bytes: Buffer, start: number, end: number): LogEncryption | undefined {
  const fields = new ProtobufReader(bytes, start, end)
  let cipher: string | undefined
  let keyAlias: string | undefined
  let parameters: Buffer | undefined
  while (fields.next()) {
    if (fields.type !== 2) continue
    if (fields.field === 1) cipher = fields.text()
    else if (fields.field === 2) keyAlias = fields.text()
    else if (fields.field === 3) parameters = Buffer.from(bytes.subarray(fields.start, fields.end))
  }
  if (fields.broken || cipher === undefined || keyAlias === undefined || parameters === undefined)
    return undefined
  return { cipher, keyAlias, parameters }
}
