import java.io.BufferedReader;
import java.io.File;
import java.io.FileOutputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.PrintStream;
import java.lang.reflect.Constructor;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RemoteIterator;
import org.apache.hadoop.fs.SafeModeAction;
import org.apache.hadoop.fs.http.server.HttpFSServerWebServer;
import org.apache.hadoop.fs.permission.FsPermission;
import org.apache.hadoop.hdfs.HdfsConfiguration;
import org.apache.hadoop.hdfs.MiniDFSCluster;
import org.apache.hadoop.hdfs.MiniDFSNNTopology;
import org.apache.hadoop.hdfs.protocol.DatanodeID;
import org.apache.hadoop.hdfs.protocol.OpenFileEntry;
import org.apache.hadoop.hdfs.protocol.OpenFilesIterator.OpenFilesType;
import org.apache.hadoop.hdfs.server.namenode.EditLogFileOutputStream;
import org.apache.hadoop.hdfs.server.namenode.NameNodeAdapter;
import org.apache.hadoop.hdfs.server.namenode.ha.HATestUtil;
import org.apache.hadoop.security.authorize.ProxyUsers;
import org.apache.hadoop.security.ssl.SSLFactory;

/**
 * A NameNode (two with ha=true), DataNodes and, with httpfs=true, an HttpFS gateway in one process on 127.0.0.1.
 * Arguments: the data folder, then key=value. Prints "READY {json}", then answers each command line of stdin with
 * "OK" or "FAILED reason"; the end of stdin ends the process.
 */
public final class HdfsService {
  private static final String NAME_SERVICE = "millrace";

  private final Map<String, String> options = new HashMap<>();
  private final File folder;
  private final Map<Integer, MiniDFSCluster.DataNodeProperties> stopped = new HashMap<>();
  private final Map<Integer, FSDataOutputStream> openElsewhere = new HashMap<>();
  private MiniDFSCluster cluster;
  private int httpFsPort;

  private HdfsService(String[] arguments) {
    folder = new File(arguments[0]).getAbsoluteFile();
    for (int i = 1; i < arguments.length; i++) {
      String[] pair = arguments[i].split("=", 2);
      options.put(pair[0], pair[1]);
    }
  }

  public static void main(String[] arguments) {
    PrintStream answers = System.out;
    System.setOut(System.err);
    try {
      HdfsService service = new HdfsService(arguments);
      service.start();
      answers.println("READY " + service.facts());
      service.serve(answers);
    } catch (Throwable problem) {
      problem.printStackTrace();
      Runtime.getRuntime().halt(1);
    }
    Runtime.getRuntime().halt(0);
  }

  private void start() throws Exception {
    Configuration configuration = configuration();
    boolean fresh = !new File(folder, "dfs/data").exists();
    EditLogFileOutputStream.setShouldSkipFsyncForTesting(true);
    MiniDFSCluster.Builder builder = new MiniDFSCluster.Builder(configuration)
        .numDataNodes(number("datanodes", 1)).format(fresh).manageNameDfsDirs(true).checkExitOnShutdown(false);
    if (flag("ha")) builder.nnTopology(twoNameNodes());
    else builder.nameNodePort(number("rpc-port", 0)).nameNodeHttpPort(number("http-port", 0));
    cluster = builder.build();
    if (flag("ha")) cluster.transitionToActive(0);
    cluster.waitActive();
    // A constant otherwise: other clients get a file after this time without a sign of its writer.
    if (options.containsKey("lease-ms")) setLease(number("lease-ms", 0));
    writeSite(configuration.get("dfs.replication"));
    if (fresh) makeFolders();
    if (flag("httpfs")) {
      httpFsPort = startHttpFs();
      // HttpFS loads its own, empty impersonation rules over those of the NameNode: they are static.
      ProxyUsers.refreshSuperUserGroupsConfiguration(configuration);
    }
  }

  private void setLease(int milliseconds) {
    for (int i = 0; i < cluster.getNumNameNodes(); i++) {
      NameNodeAdapter.getLeaseManager(cluster.getNamesystem(i)).setLeasePeriod(milliseconds, 20 * 60_000);
    }
  }

  private Configuration configuration() {
    Configuration configuration = new HdfsConfiguration();
    configuration.set("hdfs.minidfs.basedir", new File(folder, "dfs").getPath());
    configuration.set("hadoop.tmp.dir", new File(folder, "tmp").getPath());
    configuration.setInt("dfs.replication", number("datanodes", 1));
    configuration.setLong("dfs.namenode.fs-limits.min-block-size", 0);
    configuration.setInt("dfs.heartbeat.interval", 1);
    configuration.setInt("dfs.namenode.heartbeat.recheck-interval", 1000);
    configuration.setInt("dfs.namenode.safemode.extension", 0);
    configuration.setInt("dfs.ha.tail-edits.period", 1);
    for (String user : new String[] {"hdfs", "httpfs", "flume"}) {
      configuration.set("hadoop.proxyuser." + user + ".hosts", "*");
      configuration.set("hadoop.proxyuser." + user + ".groups", "*");
    }
    for (String key : options.keySet()) if (key.contains(".")) configuration.set(key, options.get(key));
    return configuration;
  }

  private static MiniDFSNNTopology twoNameNodes() {
    return new MiniDFSNNTopology().addNameservice(new MiniDFSNNTopology.NSConf(NAME_SERVICE)
        .addNN(new MiniDFSNNTopology.NNConf("nn1")).addNN(new MiniDFSNNTopology.NNConf("nn2")));
  }

  /** What Hadoop's own clients, HttpFS among them, need to know of the cluster. */
  private void writeSite(String replication) throws Exception {
    Configuration site = new Configuration(false);
    site.set("dfs.replication", replication);
    if (flag("ha")) {
      HATestUtil.setFailoverConfigurations(cluster, site, NAME_SERVICE);
      for (int i = 0; i < 2; i++) site.set("dfs.namenode.http-address." + NAME_SERVICE + ".nn" + (i + 1), httpAddress(i));
    } else {
      site.set("fs.defaultFS", "hdfs://127.0.0.1:" + cluster.getNameNodePort(0));
      site.set("dfs.namenode.http-address", httpAddress(0));
    }
    File conf = new File(folder, "conf");
    conf.mkdirs();
    try (OutputStream out = new FileOutputStream(new File(conf, "core-site.xml"))) {
      site.writeXml(out);
    }
  }

  /** /tmp is everybody's, /user/flume is flume's; the rest belongs to the superuser, who is called hdfs. */
  private void makeFolders() throws Exception {
    FileSystem files = cluster.getFileSystem(0);
    files.mkdirs(new Path("/tmp"));
    files.setPermission(new Path("/tmp"), new FsPermission((short) 01777));
    files.mkdirs(new Path("/user/flume"));
    files.setOwner(new Path("/user/flume"), "flume", "flume");
  }

  private int startHttpFs() throws Exception {
    File home = new File(folder, "httpfs");
    for (String part : new String[] {"config", "log", "temp"}) {
      new File(home, part).mkdirs();
      System.setProperty("httpfs." + part + ".dir", new File(home, part).getPath());
    }
    System.setProperty("httpfs.home.dir", home.getPath());
    write(new File(home, "config/httpfs-site.xml"), "<configuration><property><name>httpfs.hadoop.config.dir</name><value>"
        + new File(folder, "conf").getPath() + "</value></property></configuration>");
    write(new File(home, "config/httpfs-signature.secret"), "secret");
    Configuration configuration = new Configuration(true);
    configuration.set("httpfs.http.hostname", "127.0.0.1");
    configuration.setInt("httpfs.http.port", number("httpfs-port", 0));
    Constructor<HttpFSServerWebServer> constructor =
        HttpFSServerWebServer.class.getDeclaredConstructor(Configuration.class, Configuration.class);
    constructor.setAccessible(true);
    HttpFSServerWebServer server = constructor.newInstance(
        configuration, SSLFactory.readSSLConfiguration(configuration, SSLFactory.Mode.SERVER));
    server.start();
    return server.getUrl().getPort();
  }

  private String facts() {
    StringBuilder json = new StringBuilder("{\"rpcPort\":" + cluster.getNameNodePort(0));
    json.append(",\"httpPort\":").append(cluster.getNameNode(0).getHttpAddress().getPort());
    if (flag("ha")) json.append(",\"secondHttpPort\":").append(cluster.getNameNode(1).getHttpAddress().getPort());
    if (cluster.getNameNode(0).getHttpsAddress() != null)
      json.append(",\"httpsPort\":").append(cluster.getNameNode(0).getHttpsAddress().getPort());
    if (httpFsPort != 0) json.append(",\"httpFsPort\":").append(httpFsPort);
    return json.append("}").toString();
  }

  private void serve(PrintStream answers) throws Exception {
    BufferedReader commands = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = commands.readLine(); line != null; line = commands.readLine()) {
      String[] words = line.split(" ");
      try {
        String told = obey(words[0], words.length > 1 ? Integer.parseInt(words[1]) : 0);
        answers.println(("OK " + told).trim());
      } catch (Throwable problem) {
        problem.printStackTrace();
        answers.println("FAILED " + problem.toString().replace('\n', ' '));
      }
    }
  }

  /** Does it; what there is to tell comes back. */
  private String obey(String command, int index) throws Exception {
    switch (command) {
      case "stop-datanode":
        DatanodeID node = cluster.getDataNodes().get(index).getDatanodeId();
        stopped.put(index, cluster.stopDataNode(index));
        cluster.setDataNodeDead(node);
        break;
      case "start-datanode":
        cluster.restartDataNode(stopped.remove(index), true);
        cluster.waitActive();
        break;
      case "stop-namenode": cluster.shutdownNameNode(index); break;
      case "start-namenode": cluster.restartNameNode(index, !flag("ha")); break;
      case "stand-by": cluster.transitionToStandby(index); break;
      case "activate":
        cluster.transitionToStandby(1 - index);
        cluster.transitionToActive(index);
        break;
      case "safemode-enter": cluster.getFileSystem(index).setSafeMode(SafeModeAction.ENTER); break;
      case "safemode-leave": cluster.getFileSystem(index).setSafeMode(SafeModeAction.LEAVE); break;
      case "hold": openElsewhere.put(index, openFile("/user/flume/held-" + index)); break;
      case "release": openElsewhere.remove(index).close(); break;
      case "open-files": return openFiles(index);
      default: throw new IllegalArgumentException("unknown command " + command);
    }
    return "";
  }

  /** Paths of the files that a NameNode holds open for somebody. */
  private String openFiles(int index) throws Exception {
    StringBuilder paths = new StringBuilder();
    RemoteIterator<OpenFileEntry> entries = cluster.getFileSystem(index).listOpenFiles(EnumSet.of(OpenFilesType.ALL_OPEN_FILES), "/");
    while (entries.hasNext()) paths.append(entries.next().getFilePath()).append(' ');
    return paths.toString();
  }

  /** A file that somebody else is writing: seven bytes are in it, its lease is held. */
  private FSDataOutputStream openFile(String path) throws Exception {
    FSDataOutputStream out = FileSystem.newInstance(cluster.getURI(0), cluster.getConfiguration(0), "flume").create(new Path(path));
    out.writeBytes("written");
    out.hflush();
    return out;
  }

  private static void write(File file, String text) throws Exception {
    Files.write(file.toPath(), text.getBytes(StandardCharsets.UTF_8));
  }

  private String httpAddress(int index) {
    return "127.0.0.1:" + cluster.getNameNode(index).getHttpAddress().getPort();
  }

  private boolean flag(String key) {
    return Boolean.parseBoolean(options.getOrDefault(key, "false"));
  }

  private int number(String key, int otherwise) {
    return Integer.parseInt(options.getOrDefault(key, String.valueOf(otherwise)));
  }
}
