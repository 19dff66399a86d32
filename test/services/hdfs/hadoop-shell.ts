import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { JVM_OPTIONS } from '../launch.ts'
import { javaClassPath } from '../maven.ts'
import type { Service } from '../start-service.ts'

/** What Hadoop's own shell prints for `hadoop fs ARGS…` against the service; rejects when it fails. */
export async function hadoopShell(service: Service, ...args: readonly string[]): Promise<string> {
  const classPath = await javaClassPath('hdfs', import.meta.dirname)
  const { stdout } = await promisify(execFile)(
    'java',
    [
      ...JVM_OPTIONS,
      '-cp',
      `${join(service.directory, 'conf')}:${classPath}`,
      'org.apache.hadoop.fs.FsShell',
      ...args
    ],
    { env: { ...process.env, HADOOP_USER_NAME: 'hdfs', LC_ALL: 'C.UTF-8' }, maxBuffer: 64 * 1024 * 1024 }
  )
  return stdout
}
