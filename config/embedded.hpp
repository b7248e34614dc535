// The data files that travel inside the program. The definition is generated at build time
// (tools/embed.cmake).
#pragma once

#include <string_view>
#include <vector>

namespace sekimori::config {

struct EmbeddedFile {
  std::string_view name;  // "profiles/alpha.yaml", or "example"
  std::string_view content;
};
const std::vector<EmbeddedFile>& embedded_files();

}  // namespace sekimori::config
