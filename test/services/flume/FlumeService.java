import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.flume.node.Application;

/**
 * An agent of Apache Flume. Arguments: the data folder, then key=value. Prints "READY {json}" with the ports of its
 * configuration; the end of stdin ends the process.
 */
public final class FlumeService {
  private static final Pattern PORT = Pattern.compile("\\{port:(\\w+)}");
  private static final int START_MS = 60_000;

  private FlumeService() {}

  public static void main(String[] arguments) {
    PrintStream answers = System.out;
    System.setOut(System.err);
    try {
      Path folder = Path.of(arguments[0]).toAbsolutePath();
      Map<String, String> options = new HashMap<>();
      for (int i = 1; i < arguments.length; i++) {
        String[] pair = arguments[i].split("=", 2);
        options.put(pair[0], pair[1]);
      }
      Map<String, Integer> ports = new LinkedHashMap<>();
      String text = Files.readString(Path.of(options.get("conf"))).replace("{directory}", folder.toString());
      Path file = folder.resolve("flume.conf");
      Files.writeString(file, withPorts(text, ports));
      String agent = options.getOrDefault("agent", "a1");
      Application.main(new String[] {"--no-reload-conf", "-n", agent, "-f", file.toString()});
      for (int port : ports.values()) awaitListener(port);
      answers.println("READY " + json(ports));
      BufferedReader commands = new BufferedReader(new InputStreamReader(System.in));
      while (commands.readLine() != null) answers.println("FAILED unknown command");
    } catch (Throwable problem) {
      problem.printStackTrace();
      Runtime.getRuntime().halt(1);
    }
    Runtime.getRuntime().halt(0);
  }

  /** All ports are taken at the same time, so that they differ. */
  private static String withPorts(String text, Map<String, Integer> ports) throws IOException {
    List<ServerSocket> taken = new ArrayList<>();
    Matcher names = PORT.matcher(text);
    while (names.find()) {
      if (ports.containsKey(names.group(1))) continue;
      ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
      taken.add(socket);
      ports.put(names.group(1), socket.getLocalPort());
    }
    for (ServerSocket socket : taken) socket.close();
    return PORT.matcher(text).replaceAll(match -> String.valueOf(ports.get(match.group(1))));
  }

  private static void awaitListener(int port) throws Exception {
    long deadline = System.currentTimeMillis() + START_MS;
    while (true) {
      try (Socket socket = new Socket()) {
        socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 1000);
        return;
      } catch (IOException notYet) {
        if (System.currentTimeMillis() > deadline) throw notYet;
        Thread.sleep(50);
      }
    }
  }

  private static String json(Map<String, Integer> ports) {
    StringBuilder text = new StringBuilder("{");
    for (Map.Entry<String, Integer> port : ports.entrySet()) {
      if (text.length() > 1) text.append(',');
      text.append('"').append(port.getKey()).append("\":").append(port.getValue());
    }
    return text.append('}').toString();
  }
}
