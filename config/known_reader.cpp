// Known services as data (policy/services/*.yaml), and the names that services ask for. A city may edit a
// copy, so that its reader is as strict as that of sekimori.yaml.
#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <utility>

#include "config/sections.hpp"
#include "config/values.hpp"

namespace sekimori::config {
namespace {

using policy::ServiceUse;

// Of the domain text's section 3.1. A profile need not have them all, and may have others.
constexpr std::array<std::string_view, 11> segment_codes{"MN", "LG",  "NET", "LGN", "JUKI", "GC",
                                                         "SC", "CLD", "EXT", "OOS", "CRIT"};

void read_code(const Cursor& at, const policy::Profile& profile, std::vector<std::string>& out) {
  std::string code;
  if (!at.text(code)) return;
  std::vector<std::string_view> known{segment_codes.begin(), segment_codes.end()};
  for (const policy::ProfileSegment& segment : profile.segments) {
    if (std::find(known.begin(), known.end(), segment.code) == known.end()) known.push_back(segment.code);
  }
  if (std::find(known.begin(), known.end(), code) == known.end()) {
    at.error(Text::config_known_segment, {{"value", shown(code)},
                                          {"segments", join(known)},
                                          {"mean", did_you_mean(at.report(), suggest(code, known))}});
    return;
  }
  out.push_back(std::move(code));
}

void read_known(const Cursor& item, Map& map, const policy::Profile& profile,
                policy::KnownServiceOptions& known) {
  map.required("use").choice(known.use, {{"dns", ServiceUse::dns},
                                         {"update", ServiceUse::update},
                                         {"remote", ServiceUse::remote},
                                         {"tunnel", ServiceUse::tunnel},
                                         {"mail", ServiceUse::mail},
                                         {"side-channel", ServiceUse::side_channel},
                                         {"screen-transfer", ServiceUse::screen_transfer},
                                         {"management", ServiceUse::management},
                                         {"other", ServiceUse::other}});
  map.required("name").map([&](Map& name) {
    name.required("ja").text(known.name.ja, 128);
    name.required("en").text(known.name.en, 128);
  });
  const auto ports = [&](std::string_view key, std::vector<policy::Ports>& out) {
    map.optional(key).list([&](const Cursor& one) { read_service(one, out); }, Cursor::Size::some);
  };
  ports("ports", known.ports);
  ports("shared_ports", known.shared_ports);
  map.optional("addresses")
      .list(
          [&](const Cursor& one) {
            Prefix prefix;
            if (read_prefix(one, prefix)) known.addresses.push_back(prefix);
          },
          Cursor::Size::some);
  read_names(map.optional("names"), known.names);
  for (const auto& [key, out] : {std::pair{"from", &known.from}, std::pair{"to", &known.to}}) {
    map.optional(key).list([&, to = out](const Cursor& one) { read_code(one, profile, *to); },
                           Cursor::Size::some);
  }
  // Without either it would be every conversation; a name is only looked for at the ports that are listed.
  if (known.ports.empty() && (known.addresses.empty() || !known.names.empty()))
    item.error(Text::config_known_empty);
}

}  // namespace

void read_names(const Cursor& at, std::vector<std::string>& out) {
  at.list([&](const Cursor& item) {
    std::string name;
    if (!item.text(name, policy::name_octets_max + 2)) return;
    if (!policy::is_name_pattern(name)) {
      std::string lower = half_width(name);
      std::transform(lower.begin(), lower.end(), lower.begin(),
                     [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
      while (!lower.empty() && lower.back() == '.') lower.pop_back();
      const std::string candidate = policy::is_name_pattern(lower) ? lower : std::string{};
      item.error(Text::config_name_pattern,
                 {{"value", shown(name)}, {"mean", did_you_mean(item.report(), candidate)}});
      return;
    }
    if (std::find(out.begin(), out.end(), name) != out.end()) {
      item.error(Text::config_repeated, {{"value", shown(name)}});
      return;
    }
    out.push_back(std::move(name));
  });
}

void read_products(const Cursor& at, const std::vector<policy::KnownServiceOptions>& known,
                   std::vector<policy::Ports>& out) {
  std::vector<std::string_view> products;
  for (const policy::KnownServiceOptions& one : known) {
    if (one.use == ServiceUse::screen_transfer) products.push_back(one.id);
  }
  at.list(
      [&](const Cursor& item) {
        std::string id;
        if (!item.text(id)) return;
        const auto product = std::find_if(known.begin(), known.end(), [&](const auto& one) {
          return one.use == ServiceUse::screen_transfer && one.id == id;
        });
        if (product == known.end()) {
          item.error(Text::config_product_unknown,
                     {{"value", shown(id)},
                      {"products", join(products)},
                      {"mean", did_you_mean(item.report(), suggest(id, products))}});
          return;
        }
        for (const auto* list : {&product->ports, &product->shared_ports}) {
          for (const policy::Ports& ports : *list) {
            if (std::find(out.begin(), out.end(), ports) == out.end()) out.push_back(ports);
          }
        }
      },
      Cursor::Size::some);
}

void read_known_services(const Cursor& root, const policy::Profile& profile,
                         std::vector<policy::KnownServiceOptions>& out) {
  std::map<std::string, policy::Place> ids;
  root.map([&](Map& top) {
    const Cursor list = top.required("known_services");
    list.list([&](const Cursor& item) {
      policy::KnownServiceOptions known;
      known.place = item.place();
      item.map([&](Map& map) {
        const Cursor id = map.required("id");
        if (id.identifier(known.id)) {
          const auto [first, fresh] = ids.emplace(known.id, id.place());
          if (!fresh) {
            id.error(Text::config_duplicate_id, {{"id", known.id},
                                                 {"place", std::to_string(first->second.line) + ":" +
                                                               std::to_string(first->second.column)}});
          }
        }
        read_known(item, map, profile, known);
      });
      out.push_back(std::move(known));
    });
    if (out.size() > policy::known_services_max) {
      list.error(Text::config_list_long, {{"max", std::to_string(policy::known_services_max)}});
    }
  });
}

}  // namespace sekimori::config
