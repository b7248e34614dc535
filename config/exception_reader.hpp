// The register of exceptions: the list in the configuration itself, and files or a folder of files beside it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/sections.hpp"

namespace sekimori::config {

class ExceptionReader {
 public:
  ExceptionReader(const CityContext& context, std::vector<SourceText>& sources,
                  const std::vector<policy::DomainName>& domains,
                  std::vector<policy::ExceptionOptions>& exceptions, std::vector<policy::ReadingNote>& notes)
      : context_{context}, sources_{sources}, domains_{domains}, exceptions_{exceptions}, notes_{notes} {}

  void read_list(const Cursor& at);
  // `exceptions_from`: a YAML file with `exceptions:`, or a folder of them (*.yaml and *.yml, in the order of
  // their names), named relative to the configuration's own folder. Their texts become sources, so that the
  // policy's digest covers them; their mistakes are told with their own file, line and column. Hidden files
  // (.x.yaml) and editors' copies (x.yaml~) are passed over. What looks like a register by its name and is
  // none is told: X.YAML as a mistake, x.yaml.old and folders as warnings.
  void read_files(const Cursor& at);

 private:
  std::vector<std::string> registers_in(const Cursor& at, const std::string& folder);
  void read_file(const Cursor& at, const std::string& file);
  void read_entry(const Cursor& item, Map& map, policy::ExceptionOptions& exception);
  void read_id(const Cursor& id, policy::ExceptionOptions& exception);
  void read_decision(const Cursor& item, Map& map, policy::ExceptionOptions& exception) const;
  void read_emergency(Map& map, policy::ExceptionOptions& exception) const;
  void read_period(const Cursor& item, Map& map, policy::ExceptionOptions& exception) const;
  bool read_date(const Cursor& at, std::optional<Time>& out) const;

  const CityContext& context_;
  std::vector<SourceText>& sources_;
  const std::vector<policy::DomainName>& domains_;
  std::vector<policy::ExceptionOptions>& exceptions_;
  std::vector<policy::ReadingNote>& notes_;
  std::map<std::string, policy::Place> ids_{};  // where each was used first
};

}  // namespace sekimori::config
