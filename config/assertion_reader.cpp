#include "config/assertion_reader.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "config/domain_reader.hpp"
#include "config/segment_names.hpp"
#include "config/values.hpp"

namespace sekimori::config {
namespace {

using policy::AssertionOptions;
using Kind = AssertionOptions::Kind;

std::string lower(std::string_view text) {
  std::string out{text};
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return out;
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(' ');
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

bool take_end(std::string_view& text, std::string_view end) {
  if (text.size() < end.size() || text.substr(text.size() - end.size()) != end) return false;
  text = trimmed(text.substr(0, text.size() - end.size()));
  return true;
}

void replace_all(std::string& text, std::string_view what, std::string_view with) {
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size()))
    text.replace(at, what.size(), with);
}

// What a sentence is made of, each part as written.
struct Sentence {
  Kind kind = Kind::never;
  bool both_ways = false;
  std::string_view from{};
  std::string_view to{};
  std::string_view ports{};
  std::string_view by{};
};

// "FROM never reaches TO on PORTS", "FROM reaches TO only by LIST", "FROM always reaches TO". Words are found
// with the blanks around them, so that a name may hold any of them.
std::optional<Sentence> read_english(std::string_view text) {
  struct Verb {
    std::string_view words;
    Kind kind;
    bool both_ways;
  };
  static constexpr std::array<Verb, 7> verbs{{{" never reaches ", Kind::never, false},
                                              {" never talks to ", Kind::never, true},
                                              {" never talks with ", Kind::never, true},
                                              {" always reaches ", Kind::permitted, false},
                                              {" may reach ", Kind::permitted, false},
                                              {" can reach ", Kind::permitted, false},
                                              {" reaches ", Kind::only_by, false}}};
  Sentence sentence;
  for (const Verb& verb : verbs) {
    const std::size_t at = text.find(verb.words);
    if (at == std::string_view::npos) continue;
    sentence.kind = verb.kind;
    sentence.both_ways = verb.both_ways;
    sentence.from = trimmed(text.substr(0, at));
    std::string_view rest = text.substr(at + verb.words.size());
    const auto split = [&rest](std::string_view word) -> std::string_view {
      const std::size_t found = rest.find(word);
      if (found == std::string_view::npos) return {};
      const std::string_view behind = trimmed(rest.substr(found + word.size()));
      rest = rest.substr(0, found);
      return behind;
    };
    if (sentence.kind == Kind::only_by) {
      // Both orders: "... on tcp/443 only by X", "... only by X on tcp/443".
      sentence.by = split(" only by ");
      if (const std::size_t on = sentence.by.find(" on "); on != std::string_view::npos) {
        sentence.ports = trimmed(sentence.by.substr(on + 4));
        sentence.by = trimmed(sentence.by.substr(0, on));
      }
      if (sentence.by.empty()) return std::nullopt;
    }
    if (const std::string_view ports = split(" on "); !ports.empty()) sentence.ports = ports;
    sentence.to = trimmed(rest);
    return sentence;
  }
  return std::nullopt;
}

// "AからBへ(は)[PORTS は]到達しない", "AからBへはLISTだけ", "AからBへ[PORTS は]必ず到達する",
// "AとBは通信しない".
std::optional<Sentence> read_japanese(std::string_view text) {
  Sentence sentence;
  take_end(text, "。");
  bool known = false;
  for (const std::string_view end :
       {"到達しない", "到達できない", "届かない", "通信しない", "通信できない"}) {
    if (!known) known = take_end(text, end);
  }
  if (known) sentence.kind = Kind::never;
  for (const std::string_view end : {"必ず到達する", "到達できる", "到達する", "通信できる"}) {
    if (known || !take_end(text, end)) continue;
    sentence.kind = Kind::permitted;
    known = true;
  }
  for (const std::string_view end : {"だけ", "のみ", "に限る", "のみが到達する"}) {
    if (known || !take_end(text, end)) continue;
    sentence.kind = Kind::only_by;
    known = true;
  }
  if (!known) return std::nullopt;
  constexpr std::string_view origin = "から";
  constexpr std::string_view goal = "へ";
  constexpr std::string_view with = "と";
  constexpr std::string_view topic = "は";
  const std::size_t start = text.find(origin);
  if (start == std::string_view::npos) {
    const std::size_t join = text.find(with);
    if (sentence.kind != Kind::never || join == std::string_view::npos) return std::nullopt;
    sentence.both_ways = true;
    sentence.from = trimmed(text.substr(0, join));
    sentence.to = trimmed(text.substr(join + with.size()));
    take_end(sentence.to, topic);
    return sentence;
  }
  sentence.from = trimmed(text.substr(0, start));
  text.remove_prefix(start + origin.size());
  const std::size_t end = text.find(goal);
  if (end == std::string_view::npos) return std::nullopt;
  sentence.to = trimmed(text.substr(0, end));
  std::string_view rest = trimmed(text.substr(end + goal.size()));
  if (rest.substr(0, topic.size()) == topic) rest = trimmed(rest.substr(topic.size()));
  if (sentence.kind == Kind::only_by) {
    sentence.by = rest;
    return rest.empty() ? std::nullopt : std::optional{sentence};
  }
  take_end(rest, topic);
  take_end(rest, "で");
  sentence.ports = rest;
  return sentence;
}

class AssertionReader {
 public:
  AssertionReader(const policy::PolicyOptions& options, std::int16_t utc_offset_minutes)
      : names_{options.profile}, domains_{options.domains}, offset_{utc_offset_minutes} {}

  void read(const Cursor& item, AssertionOptions& assertion) const {
    assertion.place = item.place();
    if (item.is_map()) {
      item.map([&](Map& map) { read_fields(item, map, assertion); });
    } else {
      read_sentence(item, assertion);
    }
  }

 private:
  void read_sentence(const Cursor& item, AssertionOptions& assertion) const {
    if (!item.text(assertion.text)) return;
    std::string text = half_width(assertion.text);
    replace_all(text, "　", " ");
    replace_all(text, "、", ", ");
    std::optional<Sentence> sentence = read_english(text);
    if (!sentence) sentence = read_japanese(text);
    if (!sentence || sentence->from.empty() || sentence->to.empty()) {
      item.error(Text::config_assert_form);
      return;
    }
    assertion.kind = sentence->kind;
    assertion.both_ways = sentence->both_ways;
    each_word(item, sentence->from, [&](const Cursor& word) { read_peer(word, assertion.from); });
    each_word(item, sentence->to, [&](const Cursor& word) { read_peer(word, assertion.to); });
    each_word(item, sentence->ports, [&](const Cursor& word) { read_service(word, assertion.ports); });
    each_word(item, sentence->by, [&](const Cursor& word) { read_by(word, assertion); });
  }

  // Words parted by commas, read as if each stood where the sentence stands.
  template <typename Read>
  static void each_word(const Cursor& item, std::string_view list, Read read) {
    while (!list.empty()) {
      const std::size_t comma = std::min(list.find(','), list.size());
      TreeNode node;
      node.kind = TreeNode::Kind::text;
      node.line = item.place().line;
      node.column = item.place().column;
      node.text = trimmed(list.substr(0, comma));
      if (!node.text.empty()) read(item.part(node));
      list = comma < list.size() ? list.substr(comma + 1) : std::string_view{};
    }
  }

  void read_fields(const Cursor& item, Map& map, AssertionOptions& assertion) const {
    const auto peers = [&](std::string_view key, AssertionOptions::Peers& out) {
      const Cursor at = map.required(key);
      if (at.is_text()) return read_peer(at, out);
      at.list([&](const Cursor& each) { read_peer(each, out); }, Cursor::Size::some);
    };
    peers("from", assertion.from);
    peers("to", assertion.to);
    map.optional("ports").list([&](const Cursor& each) { read_service(each, assertion.ports); },
                               Cursor::Size::some);
    bool never = false;
    bool permitted = false;
    map.optional("never").boolean(never);
    map.optional("permitted").boolean(permitted);
    const Cursor only_by = map.optional("only_by");
    only_by.list([&](const Cursor& each) { read_by(each, assertion); }, Cursor::Size::some);
    map.optional("both_ways").boolean(assertion.both_ways);
    read_domain(map.optional("domain"), domains_, assertion.domains);
    if (Time at{}; read_instant(map.optional("at"), DayEdge::start, offset_, at)) assertion.at = at;
    if (int{never} + int{permitted} + int{only_by.present()} != 1) item.error(Text::config_assert_kind);
    if (permitted) assertion.kind = Kind::permitted;
    if (only_by.present()) assertion.kind = Kind::only_by;
    map.optional("text").text(assertion.text);
    read_stage(map.optional("stage"), assertion.draft);
    if (assertion.text.empty()) assertion.text = put_together(assertion);
  }

  // A sentence for messages about what was written in fields.
  static std::string put_together(const AssertionOptions& assertion) {
    const auto words = [](const AssertionOptions::Peers& peers) {
      std::string all;
      const auto add = [&all](const std::string& word) { all += (all.empty() ? "" : ", ") + word; };
      for (const std::string& id : peers.segments) add(id);
      for (const Prefix& prefix : peers.addresses) add(prefix.to_string());
      return all.empty() ? std::string{"any"} : all;
    };
    std::string text = words(assertion.from);
    if (assertion.kind == Kind::never) text += assertion.both_ways ? " never talks to " : " never reaches ";
    if (assertion.kind == Kind::permitted) text += " always reaches ";
    if (assertion.kind == Kind::only_by) text += " reaches ";
    text += words(assertion.to);
    if (assertion.kind != Kind::only_by) return text;
    std::string by;
    const auto add = [&by](const std::string& word) { by += (by.empty() ? "" : ", ") + word; };
    for (const std::string& id : assertion.ids) add(id);
    if (assertion.by_gateway) add("gateway");
    if (assertion.by_service) add("service");
    if (assertion.by_exception) add("exception");
    return text + " only by " + by;
  }

  void read_peer(const Cursor& at, AssertionOptions::Peers& out) const {
    const std::string_view word = at.scalar(Text::config_kind_text);
    if (!at.is_text()) return;
    const std::string wanted = lower(half_width(word));
    if (wanted == "any" || wanted == "*" || wanted == "すべて") return;
    if (const auto prefix = Prefix::parse(wanted)) {
      out.addresses.push_back(*prefix);
    } else if (std::string id; names_.read(at, id)) {
      out.segments.push_back(std::move(id));
    }
  }

  static void read_by(const Cursor& at, AssertionOptions& assertion) {
    const std::string word = lower(at.scalar(Text::config_kind_text));
    if (word == "gateway" || word == "ゲートウェイ" || word == "無害化通信") {
      assertion.by_gateway = true;
    } else if (word == "service" || word == "サービス" || word == "指定サービス") {
      assertion.by_service = true;
    } else if (word == "exception" || word == "例外措置") {
      assertion.by_exception = true;
    } else if (std::string id; at.identifier(id)) {
      assertion.ids.push_back(std::move(id));
    }
  }

  const SegmentNames names_;
  const std::vector<policy::DomainName>& domains_;
  const std::int16_t offset_;
};

}  // namespace

void read_assertions(const Cursor& at, std::int16_t utc_offset_minutes, policy::PolicyOptions& options) {
  const AssertionReader reader{options, utc_offset_minutes};
  at.list([&](const Cursor& item) {
    AssertionOptions assertion;
    const std::size_t before = item.report().count();
    reader.read(item, assertion);
    if (item.report().count() == before) options.assertions.push_back(std::move(assertion));
  });
}

void read_stage(const Cursor& at, bool& draft) {
  at.choice(draft, {{"active", false}, {"draft", true}});
}

}  // namespace sekimori::config
