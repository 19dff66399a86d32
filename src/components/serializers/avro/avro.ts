import { defineSerializer } from '../../../core/component.ts'
import { optional, text } from '../../../core/schema.ts'
import { codecProblems, containerCodec, CONTAINER_SETTINGS } from '../../../wire/avro/container-settings.ts'
import { AvroContainerWriter } from '../../../wire/avro/container-writer.ts'
import { AvroDatumSerializer } from './avro-datum-serializer.ts'
import { SchemaLoader } from './schema-loader.ts'

export default defineSerializer({
  type: 'avro',
  classes: [
    'org.apache.flume.sink.hdfs.AvroEventSerializer$Builder',
    'org.apache.flume.serialization.AvroEventSerializer$Builder'
  ],
  stability: 'stable',
  summary: 'Writes an Avro container file of bodies that are Avro data already; headers name their schema.',
  settings: {
    schemaURL: optional(
      text('schemaURL', {
        doc: 'Where the schema of events stands that have no header flume.avro.schema.url or flume.avro.schema.literal.'
      })
    ),
    ...CONTAINER_SETTINGS
  },
  check: codecProblems,
  create: ({ schemaURL, syncIntervalBytes, compressionCodec }, { log, environment }) => {
    const codec = containerCodec(compressionCodec, log)
    const openFile = (schema: string) =>
      new AvroContainerWriter({ schema, codec, syncInterval: syncIntervalBytes })
    return new AvroDatumSerializer(schemaURL, new SchemaLoader(environment), openFile)
  }
})
