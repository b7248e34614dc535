// sekimori-traffic: a story file in, a capture out. For developers and tests; speaks English only.
#include <fstream>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>

#include "tools/traffic/play.hpp"
#include "tools/traffic/story.hpp"

namespace {

constexpr std::string_view usage =
    "usage: sekimori-traffic STORY.yaml -o OUT.pcap [--truth OUT.tsv]\n"
    "\n"
    "Makes a synthetic capture from a story: hosts, routers, who talks to whom when and what comes of it.\n"
    "The same story gives the same octets on every run. No real data goes in or out.\n"
    "\n"
    "  -o FILE        the capture to write (classic pcap); - is standard output\n"
    "  --truth FILE   also write what was generated: a line for each conversation, tab separated\n"
    "  --help         this text\n"
    "\n"
    "tools/traffic/README.md describes the story format. Exit: 0 done, 1 cannot write, 2 bad usage or "
    "story.\n";

int complain(std::string_view words) {
  std::cerr << "sekimori-traffic: " << words << "\n\n" << usage;
  return 2;
}

bool write(const std::string& path, const std::string& content) {
  if (path == "-") return static_cast<bool>(std::cout << content << std::flush);
  std::ofstream out{path, std::ios::binary | std::ios::trunc};
  return static_cast<bool>(out << content << std::flush);
}

}  // namespace

int main(int argc, char** argv) {
  namespace traffic = sekimori::traffic;
  std::optional<std::string> story_path, capture_path, truth_path;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    std::optional<std::string>* wanted = &story_path;
    if (word == "--help" || word == "-h") {
      std::cout << usage;
      return 0;
    }
    if (word == "-o" || word == "--truth") {
      wanted = word == "-o" ? &capture_path : &truth_path;
      if (++i == argc) return complain(word + " needs a file name");
    } else if (word.starts_with('-')) {
      return complain("unknown option " + word);
    }
    if (*wanted) return complain("\"" + std::string{argv[i]} + "\" is one too many");
    *wanted = argv[i];
  }
  if (!story_path || !capture_path) return complain("a story and -o are needed");

  try {
    const traffic::Story story = traffic::read_story(*story_path);
    const traffic::Played played = traffic::play(story);
    if (!write(*capture_path, traffic::pcap(story, played))) {
      std::cerr << "sekimori-traffic: cannot write " << *capture_path << '\n';
      return 1;
    }
    if (truth_path && !write(*truth_path, traffic::truth(played))) {
      std::cerr << "sekimori-traffic: cannot write " << *truth_path << '\n';
      return 1;
    }
    std::cerr << *capture_path << ": " << played.shots.size() << " frames, " << played.conversations.size()
              << " conversations\n";
  } catch (const traffic::StoryError& error) {
    std::cerr << error.what() << '\n';
    return 2;
  }
  return 0;
}
