/* SPDX-License-Identifier: MIT
 *
 * Desktops say "dark" through the settings portal (org.freedesktop.appearance color-scheme: 1 is
 * dark, 2 light, 0 no preference). GTK 4.8 doesn't ask for it by itself.
 */
#include "scope-appearance.h"

#define PORTAL    "org.freedesktop.portal.Desktop"
#define PATH      "/org/freedesktop/portal/desktop"
#define SETTINGS  "org.freedesktop.portal.Settings"
#define NAMESPACE "org.freedesktop.appearance"
#define KEY       "color-scheme"

/* Settings come in one or two boxes, depending on how they were asked for. */
static void
apply(GVariant *boxed)
{
    g_autoptr(GVariant) value = g_variant_ref(boxed);
    while (g_variant_is_of_type(value, G_VARIANT_TYPE_VARIANT)) {
        GVariant *inner = g_variant_get_variant(value);
        g_variant_unref(value);
        value = inner;
    }
    GtkSettings *settings = gtk_settings_get_default();
    if (settings && g_variant_is_of_type(value, G_VARIANT_TYPE_UINT32))
        g_object_set(settings, "gtk-application-prefer-dark-theme",
                     g_variant_get_uint32(value) == 1, NULL);
}

static void
on_changed(GDBusConnection *bus, const char *sender, const char *path, const char *interface,
           const char *signal, GVariant *parameters, gpointer user)
{
    const char *group, *key;
    g_autoptr(GVariant) value = NULL;
    if (!g_variant_is_of_type(parameters, G_VARIANT_TYPE("(ssv)")))
        return;
    g_variant_get(parameters, "(&s&s@v)", &group, &key, &value);
    if (g_str_equal(group, NAMESPACE) && g_str_equal(key, KEY))
        apply(value);
}

static void
on_read(GObject *bus, GAsyncResult *result, gpointer user)
{
    g_autoptr(GVariant) reply = g_dbus_connection_call_finish(G_DBUS_CONNECTION(bus), result, NULL);
    if (!reply) /* no portal, or none that knows: GTK's own settings stand */
        return;
    g_autoptr(GVariant) value = g_variant_get_child_value(reply, 0);
    apply(value);
}

void
scope_appearance_follow(GDBusConnection *bus)
{
    if (!bus)
        return;
    g_dbus_connection_signal_subscribe(bus, PORTAL, SETTINGS, "SettingChanged", PATH, NAMESPACE,
                                       G_DBUS_SIGNAL_FLAGS_NONE, on_changed, NULL, NULL);
    g_dbus_connection_call(bus, PORTAL, PATH, SETTINGS, "Read",
                           g_variant_new("(ss)", NAMESPACE, KEY), G_VARIANT_TYPE("(v)"),
                           G_DBUS_CALL_FLAGS_NONE, -1, NULL, on_read, NULL);
}
